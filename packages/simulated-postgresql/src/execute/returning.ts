import type { Table } from '../catalogue/table.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { type Fields, refuseRest } from '../sql/nodes.ts'
import { vacuum } from '../storage/unique.ts'
import { findTable } from './from.ts'
import type { ResultColumn, Run } from './model.ts'
import type { QueryScope } from './scope.ts'
import { compileTargets, type Target } from './targets.ts'

export function targetTable(fields: Fields<'RangeVar'> | undefined, scope: QueryScope): Table {
  if (fields?.relname === undefined) throw new NotSupported('a statement without a table')
  const { schemaname, relname = '', ...rest } = fields
  refuseRest('RangeVar', rest, ['alias', 'inh', 'relpersistence'])
  const table = findTable(scope, schemaname, relname, fields.location)
  if (table.view !== undefined) throw new NotSupported('changing rows through a view')
  if (table.materialized !== undefined) throw new SqlError('42809', `cannot change materialized view "${table.name}"`)
  scope.context.locks(table, 'RowExclusiveLock')
  return table
}

export function compileReturning(
  clause: Fields<'InsertStmt'>['returningClause'],
  scope: QueryScope,
): readonly Target[] | undefined {
  if (clause === undefined) return undefined
  const { exprs, ...rest } = clause
  refuseRest('ReturningClause', rest)
  scope.place = 'RETURNING'
  return compileTargets(exprs ?? [], scope)
}

export function resultColumns(targets: readonly Target[]): readonly ResultColumn[] {
  return targets.map((target) => ({
    name: target.name,
    type: target.compiled.type,
    tableOid: target.tableOid,
    attribute: target.attribute,
  }))
}

export function tidy(table: Table, run: Run): void {
  // An observer compares old row versions at the end, so the versions are kept if the engine is observed.
  if (run.met === undefined) vacuum(table, () => run.store.horizon())
}
