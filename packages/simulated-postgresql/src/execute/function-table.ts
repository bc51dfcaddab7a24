import type { Env } from '../expressions/env.ts'
import { NotSupported } from '../sql/error.ts'
import { type Fields, fieldsOf } from '../sql/nodes.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import type { QueryScope } from './scope.ts'

/** A function in FROM. */
export interface FunctionTable {
  readonly name: string
  readonly columns: readonly { readonly name: string; readonly type: SqlType }[]
  rows(env: Env): readonly (readonly SqlValue[])[]
}

export function compileFunctionTable(fields: Fields<'RangeFunction'>, scope: QueryScope): FunctionTable {
  fieldsOf('RangeFunction', fields, ['functions', 'alias'])
  void scope
  throw new NotSupported('a function in FROM')
}
