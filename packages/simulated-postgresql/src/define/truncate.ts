import type { Table } from '../catalogue/table.ts'
import type { Context } from '../execute/context.ts'
import type { Run } from '../execute/model.ts'
import { SqlError } from '../sql/error.ts'
import { expectKind, type Fields, refuseRest } from '../sql/nodes.ts'
import type { Subtransaction } from '../storage/model.ts'
import { assignXid } from '../storage/rows.ts'
import { statusOf } from '../storage/transaction.ts'
import type { Coroutine } from '../storage/wait.ts'
import { tableOf } from './names.ts'

export function* truncate(fields: Fields<'TruncateStmt'>, context: Context, run: Run): Coroutine<string> {
  const { relations, restart_seqs, behavior, ...rest } = fields
  refuseRest('TruncateStmt', rest)
  const tables = new Set<Table>()
  for (const node of relations ?? [])
    tables.add(yield* run.lockNamed(() => tableOf(expectKind(node, 'RangeVar'), context), 'AccessExclusiveLock'))
  for (const table of tables)
    for (const key of run.catalogue.referencing(table, context.own)) {
      if (tables.has(key.table)) continue
      if (behavior !== 'DROP_CASCADE')
        throw new SqlError('0A000', 'cannot truncate a table referenced in a foreign key constraint', {
          detail: `Table "${key.table.name}" references "${table.name}".`,
          hint: `Truncate table "${key.table.name}" at the same time, or use TRUNCATE ... CASCADE.`,
        })
      tables.add(key.table)
    }
  for (const table of tables) yield* run.lockTable(table, 'AccessExclusiveLock')
  for (const { indexes } of tables) for (const index of indexes) yield* run.lockTable(index, 'AccessExclusiveLock')
  assignXid(run)
  for (const table of tables) {
    empty(table, run.transaction.current, run.met !== undefined)
    if (restart_seqs !== true) continue
    for (const sequence of run.catalogue.visibleSequences(context.own)) {
      if (sequence.owner?.table !== table) continue
      const before = { lastValue: sequence.lastValue, isCalled: sequence.isCalled }
      Object.assign(sequence, { lastValue: sequence.start, isCalled: false })
      run.transaction.current.undo.push(() => Object.assign(sequence, before))
    }
  }
  return 'TRUNCATE TABLE'
}

/**
 * Removes all rows, so that even older snapshots do not show them. PostgreSQL's TRUNCATE does the same: it is not
 * MVCC-safe.
 *
 * @param isWitnessed whether the table keeps the removed rows in `emptied`. `by` is recorded as their deleter.
 */
export function empty(table: Table, by: Subtransaction, isWitnessed: boolean): void {
  const before = { tuples: table.tuples, entries: table.indexes.map((index) => new Map(index.entries)) }
  const { emptied = [] } = table
  if (isWitnessed) {
    for (const tuple of table.tuples)
      if (tuple.xmax === undefined || statusOf(tuple.xmax) === 'aborted')
        Object.assign(tuple, { xmax: by, cmax: by.transaction.commandId, xmaxLock: 'FOR UPDATE', next: undefined })
    table.emptied = [...emptied, ...table.tuples]
  }
  table.tuples = []
  for (const index of table.indexes) index.entries.clear()
  by.undo.push(() => {
    table.tuples = before.tuples
    if (isWitnessed) table.emptied = emptied
    for (const [at, index] of table.indexes.entries()) {
      index.entries.clear()
      for (const [key, entries] of before.entries[at] ?? []) index.entries.set(key, entries)
    }
  })
}
