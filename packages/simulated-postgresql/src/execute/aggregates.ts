import type { Env, Scope } from '../expressions/env.ts'
import { NotSupported } from '../sql/error.ts'
import { type Fields, namesOf } from '../sql/nodes.ts'
import type { SqlType, SqlValue } from '../types/value.ts'

export interface Accumulator {
  add(env: Env): void
  result(): SqlValue
}

export interface Aggregate {
  readonly type: SqlType
  start(): Accumulator
}

export function compileAggregate(call: Fields<'FuncCall'>, _scope: Scope): Aggregate {
  throw new NotSupported(`the aggregate ${namesOf(call.funcname).join('.')}`)
}
