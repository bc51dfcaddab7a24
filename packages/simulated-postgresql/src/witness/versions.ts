import type { Catalogue } from '../catalogue/catalogue.ts'
import { isTemporary } from '../catalogue/catalogue.ts'
import type { Table } from '../catalogue/table.ts'
import { addTo } from '../lists.ts'
import type { Row, Transaction, Tuple } from '../storage/model.ts'
import { statusOf } from '../storage/transaction.ts'
import type { SqlValue } from '../types/value.ts'

/** The state of a row after a committed transaction. */
interface Version {
  readonly transaction: Transaction
  readonly tuple: Tuple | undefined
  /** The command that wrote this version. `firstCommand` is the transaction's first command that changed the row. */
  readonly command: number
  readonly firstCommand: number
  readonly assigned: ReadonlySet<number>
  /** Earlier versions by the same transaction, which no other transaction saw. */
  readonly earlier: readonly Version[]
}

export interface RowHistory {
  readonly table: Table
  readonly row: Row
  readonly versions: readonly Version[]
  readonly places: ReadonlyMap<Transaction, number>
}

export type Assigned = ReadonlyMap<Tuple, ReadonlySet<number>>

const NONE: ReadonlySet<number> = new Set()

export type Changed = ReadonlyMap<Transaction, readonly RowHistory[]>

export function changesSince(catalogue: Catalogue, commit: number, assigned: Assigned): Changed {
  const changed = new Map<Transaction, RowHistory[]>()
  for (const table of catalogue.everyTable()) {
    if (isTemporary(table)) continue
    for (const history of historiesOf(table, commit, assigned))
      for (const { transaction } of history.versions) {
        if (transaction.commitNumber <= commit) continue
        addTo(changed, transaction, history)
      }
  }
  return changed
}

function historiesOf(table: Table, commit: number, assigned: Assigned): readonly RowHistory[] {
  const rows = new Map<Row, Version[]>()
  for (const tuple of [...(table.emptied ?? []), ...table.tuples]) {
    if (statusOf(tuple.xmin) !== 'committed') continue
    const { transaction } = tuple.xmin
    const { cmin, row, xmax, cmax, next } = tuple
    const shared = { command: cmin, firstCommand: cmin, earlier: [] }
    addTo(rows, row, { transaction, tuple, ...shared, assigned: assigned.get(tuple) ?? NONE })
    if (xmax !== undefined && next === undefined && statusOf(xmax) === 'committed')
      addTo(rows, row, {
        ...{ transaction: xmax.transaction, tuple: undefined, assigned: NONE },
        ...{ command: cmax, firstCommand: cmax, earlier: [] },
      })
  }
  return [...rows].flatMap(([row, all]): RowHistory[] => {
    if (all.every(({ transaction }) => transaction.commitNumber <= commit)) return []
    const ordered = all.sort(
      (one, other) => one.transaction.commitNumber - other.transaction.commitNumber || one.command - other.command,
    )
    // If a transaction wrote several versions of the row, other transactions see only the last of them.
    const versions: Version[] = []
    for (const version of ordered) {
      const last = versions.at(-1)
      if (last?.transaction !== version.transaction) versions.push(version)
      else {
        const { firstCommand } = last
        const assigned = new Set([...last.assigned, ...version.assigned])
        versions.splice(-1, 1, { ...version, firstCommand, assigned, earlier: [...last.earlier, last] })
      }
    }
    return [{ table, row, versions, places: new Map(versions.map(({ transaction }, at) => [transaction, at])) }]
  })
}

/** Returns the index of the last item up to a commit. The items are in commit order. */
export function lastUpTo(all: readonly { readonly transaction: Transaction }[], commit: number): number {
  let [from, to] = [0, all.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if ((all[middle]?.transaction.commitNumber ?? 0) <= commit) from = middle + 1
    else to = middle
  }
  return from - 1
}

export function changedPlaces({ versions }: RowHistory, at: number): readonly number[] | undefined {
  return differentPlaces(versions[at - 1]?.tuple, versions[at]?.tuple)
}

/** Returns the columns in which two versions differ. */
export function differentPlaces(before: Tuple | undefined, after: Tuple | undefined): readonly number[] | undefined {
  if (before === undefined || after === undefined) return undefined
  return after.values.flatMap((value, place) => (isSame(before.values[place] ?? null, value) ? [] : [place]))
}

/** Returns the columns that a version changed or assigned. */
export function writtenPlaces(history: RowHistory, at: number): readonly number[] | undefined {
  const changed = changedPlaces(history, at)
  const assigned = history.versions[at]?.assigned ?? NONE
  return changed === undefined ? undefined : [...new Set([...changed, ...assigned])]
}

function isSame(one: SqlValue, other: SqlValue): boolean {
  return one === other || textOf(one) === textOf(other)
}

export const textOf = (value: unknown): string =>
  typeof value === 'object'
    ? JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? `${part}n` : withEntries(part)))
    : `${typeof value} ${String(value)}`

/** JSON.stringify drops the entries of maps, which represent objects in JSON documents. */
export const withEntries = (part: unknown): unknown => (part instanceof Map ? [...part] : part)
