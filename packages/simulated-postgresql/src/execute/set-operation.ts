import { joinKeys, keyText } from '../catalogue/keys.ts'
import { coerce, commonType } from '../expressions/coerce.ts'
import { requireEquality } from '../expressions/comparison.ts'
import type { Compiled } from '../expressions/env.ts'
import { valueAt } from '../expressions/fold.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { OID } from '../types/oids.ts'
import type { SqlType, SqlValue } from '../types/value.ts'
import { compileLimit, limited } from './limit.ts'
import type { QueryPlan, Rows, Run } from './model.ts'
import { envOf, QueryScope } from './scope.ts'
import { compileSort, sorted, sortValues } from './sort.ts'

export function compileSetOperation(fields: Fields<'SelectStmt'>, scope: QueryScope): QueryPlan {
  const { op, all, larg, rarg, sortClause, lockingClause, ...rest } = fields
  refuseRest('SelectStmt', rest, ['limitCount', 'limitOffset', 'limitOption', 'withClause'])
  if (larg === undefined || rarg === undefined) throw new NotSupported('a set operation without operands')
  const name = op === 'SETOP_UNION' ? 'UNION' : op === 'SETOP_INTERSECT' ? 'INTERSECT' : 'EXCEPT'
  if (lockingClause !== undefined) throw new SqlError('0A000', `FOR UPDATE is not allowed with UNION/INTERSECT/EXCEPT`)
  const left = scope.context.compilers.query({ SelectStmt: larg }, scope.context, scope.parent, scope)
  const right = scope.context.compilers.query({ SelectStmt: rarg }, scope.context, scope.parent, scope)
  if (left.columns.length !== right.columns.length)
    throw new SqlError('42601', `each ${name} query must have the same number of columns`)
  const types = commonTypes(left, right, { larg, rarg, name }, scope)
  const columns = left.columns.map((column, at) => ({
    ...column,
    ...{ type: types[at] ?? column.type, tableOid: 0, attribute: 0 },
  }))
  for (const type of all === true && name === 'UNION' ? [] : types) requireEquality(scope.context.types, type.oid)
  const convert = [left, right].map((plan, side) => conversion(plan, side === 0 ? larg : rarg, types, scope))
  const results = new QueryScope(scope.context, scope.parent, scope)
  results.columns = columns.map(({ name: column, type }, at) => ({
    name: column,
    type,
    slot: at,
    tableOid: 0,
    attribute: 0,
  }))
  const targets = columns.map((column, at) => ({ name: column.name, compiled: valueAt(column.type, at) }))
  const keys = compileSort(sortClause, targets, results)
  const limit = compileLimit(fields, scope)
  return {
    columns,
    *rows(run, outer) {
      const l = (yield* left.rows(run, outer)).map((row) => convert[0]?.(row, run) ?? row)
      const r = (yield* right.rows(run, outer)).map((row) => convert[1]?.(row, run) ?? row)
      const combined = combine(name, all === true, l, r, (row) => rowKey(row, types, run))
      const ordered = sorted(combined, keys, (row) => sortValues(keys, envOf({ values: row }, outer, run)))
      return limited(ordered, limit, run, outer)
    },
  }
}

type Operand = Fields<'SelectStmt'>

export function commonTypes(
  left: QueryPlan,
  right: QueryPlan,
  { larg, rarg, name }: { readonly larg: Operand; readonly rarg: Operand; readonly name: string },
  scope: QueryScope,
): readonly SqlType[] {
  return left.columns.map(({ type }, at) => {
    const other = right.columns[at]
    if (other === undefined) return type
    const both = [operand(larg, type, at, scope), operand(rarg, other.type, at, scope)]
    return commonType(both, name, scope)
  })
}

/**
 * Returns a column of an operand. A literal stays untyped, because the other operand may determine the column's type.
 */
function operand(select: Operand, type: SqlType, at: number, scope: QueryScope): Compiled {
  const targets = select.targetList ?? []
  const target = targets[at]
  const starred = targets.some(
    (each) =>
      'ResTarget' in each &&
      each.ResTarget.val !== undefined &&
      'ColumnRef' in each.ResTarget.val &&
      each.ResTarget.val.ColumnRef.fields?.some((field) => 'A_Star' in field) === true,
  )
  const value = starred || target === undefined || !('ResTarget' in target) ? undefined : target.ResTarget.val
  if (value === undefined || !('A_Const' in value)) return valueAt(type, at)
  const { sval, isnull } = value.A_Const
  return sval === undefined && isnull !== true ? valueAt(type, at) : valueAt(scope.context.type(OID.unknown), at)
}

/** Returns the conversion of an operand's rows to the common types, if needed. */
export function conversion(
  plan: QueryPlan,
  select: Operand,
  types: readonly SqlType[],
  scope: QueryScope,
): ((row: readonly SqlValue[], run: Run) => readonly SqlValue[]) | undefined {
  if (plan.columns.every((column, at) => column.type.oid === types[at]?.oid)) return undefined
  const converted = plan.columns.map((column, at) => {
    const literal = operand(select, column.type, at, scope).type.oid === OID.unknown
    return coerce(valueAt(column.type, at), types[at] ?? column.type, literal ? 'e' : 'i', scope)
  })
  return (row, run) => converted.map((each) => each.evaluate({ row, parameters: run.parameters, session: run }))
}

export function rowKey(row: readonly SqlValue[], types: readonly SqlType[], run: Run): string {
  return joinKeys(
    row.map((value, at) => {
      const type = types[at]
      return type === undefined ? '' : keyText(value, type, run)
    }),
  )
}

function combine(
  name: 'UNION' | 'INTERSECT' | 'EXCEPT',
  all: boolean,
  left: Rows,
  right: Rows,
  keyOf: (row: readonly SqlValue[]) => string,
): Rows {
  if (name === 'UNION') return all ? [...left, ...right] : distinct([...left, ...right], keyOf)
  const counts = new Map<string, number>()
  for (const row of right) counts.set(keyOf(row), (counts.get(keyOf(row)) ?? 0) + 1)
  return (all ? left : distinct(left, keyOf)).filter((row) => {
    const key = keyOf(row)
    const count = counts.get(key) ?? 0
    if (all) counts.set(key, count - 1)
    return name === 'INTERSECT' ? count > 0 : count <= 0
  })
}

export function distinct<T>(rows: readonly T[], keyOf: (row: T) => string): readonly T[] {
  const seen = new Set<string>()
  return rows.filter((row) => {
    const key = keyOf(row)
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}
