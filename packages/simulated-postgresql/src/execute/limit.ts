import { compileExpression } from '../expressions/compile.ts'
import type { Compiled, Env } from '../expressions/env.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import type { Fields, Node } from '../sql/nodes.ts'
import { nodesIn } from '../sql/trees.ts'
import { Numeric, type SqlValue } from '../types/value.ts'
import { columnOf } from './grouping-sets.ts'
import type { Run } from './model.ts'
import { envOf, type QueryScope } from './scope.ts'

export interface CompiledLimit {
  readonly count: Compiled | undefined
  readonly offset: Compiled | undefined
}

const INT8 = { oid: 20, name: 'int8', typmod: -1 }

export function compileLimit(
  read: Pick<Fields<'SelectStmt'>, 'limitCount' | 'limitOffset' | 'limitOption'>,
  scope: QueryScope,
): CompiledLimit {
  const { limitCount: count, limitOffset: offset, limitOption } = read
  if (limitOption === 'LIMIT_OPTION_WITH_TIES') throw new NotSupported('WITH TIES')
  const compile = (node: Node | undefined, clause: 'LIMIT' | 'OFFSET'): Compiled | undefined => {
    if ([...nodesIn(node, 'ColumnRef', 'SubLink')].some((ColumnRef) => columnOf({ ColumnRef }, scope) !== undefined))
      throw new SqlError('42P10', `argument of ${clause} must not contain variables`)
    return node === undefined || ('A_Const' in node && node.A_Const.isnull === true)
      ? undefined
      : compileExpression(node, scope, INT8)
  }
  return { count: compile(count, 'LIMIT'), offset: compile(offset, 'OFFSET') }
}

export function limited<T>(rows: readonly T[], limit: CompiledLimit, run: Run, outer: Env | undefined): readonly T[] {
  const { offset, count } = boundsOf(limit, run, outer)
  return rows.slice(offset, offset + count)
}

export function boundsOf(limit: CompiledLimit, run: Run, outer: Env | undefined): { offset: number; count: number } {
  const env = envOf({ values: [] }, outer, run)
  const offset = bound(limit.offset?.evaluate(env) ?? null, '2201X', 'OFFSET')
  const count = bound(limit.count?.evaluate(env) ?? null, '2201W', 'LIMIT')
  return { offset: offset ?? 0, count: count ?? Number.MAX_SAFE_INTEGER }
}

function bound(value: SqlValue, code: string, clause: string): number | undefined {
  if (value === null) return undefined
  const number = value instanceof Numeric ? Number(value.unscaled) / 10 ** value.scale : Number(value)
  if (number < 0) throw new SqlError(code, `${clause} must not be negative`)
  return Math.round(number)
}
