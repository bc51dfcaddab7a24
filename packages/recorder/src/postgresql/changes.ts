import type { Json } from '@chaosproxy/history'
import { type AskedCondition, givenValue, type RowValues } from './asked-condition.ts'
import { columnOfCell, rowOfCell } from './cells.ts'
import type { NewValue } from './row-statement.ts'
import type { MicroOperation } from './row-step.ts'
import type { Executed } from './transaction.ts'

// What is known of the rows that a statement of a transaction inserted, deleted or changed, beyond their cells.

/** What is known of a row before and after; null without a row. */
export interface RowChange {
  readonly table: string
  readonly before: RowValues | null
  readonly after: RowValues | null
}

interface Within {
  /** The statements of its transaction. */
  readonly all: readonly Executed[]
  /** The level of its transaction, if that is known. */
  readonly isolation: string | undefined
}

/** None if another statement of the transaction may have changed the same rows. */
export function changesOf(executed: Executed, { all, isolation }: Within): readonly RowChange[] {
  const { row, answeredAt, isCast, count } = executed
  if (row === undefined || answeredAt === undefined || isCast !== false || count === undefined || count === 0) return []
  const { statement, portal } = row
  const at = all.indexOf(executed)
  const given = (values: ReadonlyMap<string, NewValue>): RowValues => {
    const known = [...values].map(([column, value]) => {
      const is = value.kind === 'operand' ? givenValue(value.operand, portal, statement.table, column) : undefined
      return [column, is] as const
    })
    return valuesIn(known)
  }
  const { name } = statement.table
  switch (statement.does) {
    case 'read':
      return []
    case 'insert':
      if (statement.conflict !== 'none' || all.slice(at + 1).some(mayChange(name))) return []
      return statement.inserted.map(({ values }) => ({ table: name, before: null, after: given(values) }))
    case 'delete':
    case 'update': {
      const isAlone = !all.some((other) => other !== executed && (isInsertInto(name)(other) || mayChange(name)(other)))
      if (!isAlone) return []
      const sets = statement.does === 'update' ? statement.sets : undefined
      return scopesOf(executed, { all, isolation }).map((scope) => {
        const before = { ...scope, ...equalTo(executed.changed) }
        return { table: name, before, after: sets === undefined ? null : { ...without(before, sets), ...given(sets) } }
      })
    }
    default:
      return statement satisfies never
  }
}

const valuesIn = (known: readonly (readonly [column: string, value: Json | undefined])[]): RowValues =>
  Object.fromEntries(known.flatMap(([column, value]) => (value === undefined ? [] : [[column, value]])))

const without = (values: RowValues, sets: ReadonlyMap<string, NewValue>): RowValues =>
  valuesIn(Object.entries(values).filter(([column]) => !sets.has(column)))

const isInsertInto =
  (table: string) =>
  ({ row, isUndone }: Executed): boolean =>
    isUndone !== true && row?.statement.does === 'insert' && row.statement.table.name === table

/** Whether it may change rows of a table that are there. */
const mayChange =
  (table: string) =>
  ({ row, isUndone, isUnclear }: Executed): boolean => {
    if (isUndone === true) return false
    const does = row?.statement.does
    // Rows of other tables may go with a deleted one.
    return isUnclear === true || does === 'delete' || (does === 'update' && row?.statement.table.name === table)
  }

/** What its transaction had read of each row that it changes and nothing else could change meanwhile. */
function scopesOf(executed: Executed, { all, isolation }: Within): readonly RowValues[] {
  const rows = new Set(writesIn(executed).map(([, cell]) => rowOfCell(cell)))
  if (rows.size === 0) return [{}]
  const earlier = all.slice(0, all.indexOf(executed)).filter(({ isUndone }) => isUndone !== true)
  return [...rows].map((row) => {
    const reads = earlier.flatMap(({ done }) => {
      const isHeld = isolation === 'repeatable read' || isolation === 'serializable' || done?.locked.includes(row)
      return isHeld === true
        ? (done?.micro ?? []).filter(([kind, cell]) => kind === 'r' && rowOfCell(cell) === row)
        : []
    })
    return valuesIn(reads.map(([, cell, value]) => [columnOfCell(cell), value]))
  })
}

const writesIn = ({ done }: Executed): readonly MicroOperation[] => (done?.micro ?? []).filter(([kind]) => kind !== 'r')

/** The values that the WHERE of an UPDATE or DELETE requires. */
function equalTo(changed: AskedCondition | undefined): RowValues {
  const [only, ...others] = changed?.anyOf ?? []
  if (only === undefined || others.length > 0) return {}
  return valuesIn(
    only.map(([column, comparison, values]) => {
      const isOne = comparison === '=' && values.length === 1
      return [column, isOne ? values[0] : comparison === 'is null' ? null : undefined]
    }),
  )
}
