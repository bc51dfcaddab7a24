import type { Counterexample, OperationRow, Report } from '@chaosproxy/checker'
import { amountAdded } from '@chaosproxy/checker/effects'
import { amountText, FAIL, functionOf, type History, hasTimes, inputOf, moment, OK } from '@chaosproxy/history'
import { isRead, linesOf } from '../operation-words.ts'
import { digitsToTellApart } from '../words.ts'

/**
 * A contradiction in rows and columns: what a model kept, in place of bars on an axis of time. It is laid out once; a
 * terminal and a page only write it down.
 */
export interface Sheet {
  /** `Account a, transfer by transfer`. */
  readonly title: string
  readonly columns: readonly { readonly title: string; readonly align?: 'left' | 'right' }[]
  readonly rows: readonly SheetRow[]
  /** Whether its times matter as much: a page then draws the contradiction on an axis of time first. */
  readonly isTimed?: boolean
}

export interface SheetRow {
  readonly cells: readonly string[]
  /** The places of the cells that contradict what was promised. */
  readonly wrong?: readonly number[]
  /** A sum of the rows above it, or rows that are left out. */
  readonly look?: 'sum' | 'faint'
  /** The operation that it shows, to be looked up. */
  readonly operation?: OperationRow
}

/** A counterexample, with the history and the report that it is from. */
export interface Shown {
  readonly history: History
  readonly report: Report<string>
  /** That of the level that the page is about. */
  readonly counterexample: Counterexample
}

/** Undefined if an axis of time shows the contradiction best. */
export type LayOutSheet = (input: Shown) => Sheet | undefined

/** Moments of these operations with as many digits as tell them apart; without times, their lines. */
export function clockOf(
  history: History,
  rows: readonly OperationRow[],
): (row: OperationRow, what: 'call' | 'return') => string {
  const { callTime, returnTime, returnEvent } = history.operations
  const timeOf = (row: OperationRow, what: 'call' | 'return'): number =>
    (what === 'call' ? callTime[row] : returnTime[row]) ?? 0
  const digits = Math.min(4, digitsToTellApart(rows.flatMap((row) => [timeOf(row, 'call'), timeOf(row, 'return')])))
  return (row, what) => {
    if (what === 'return' && (returnEvent[row] ?? -1) < 0) return 'never'
    if (hasTimes(history)) return moment(timeOf(row, what), digits)
    return `line ${linesOf(history, row)[what === 'call' ? 0 : 1] ?? '?'}`
  }
}

export function rowsWhere(history: History, holds: (row: OperationRow) => boolean): readonly OperationRow[] {
  const rows: OperationRow[] = []
  for (let row = 0; row < history.operations.length; row++) if (holds(row)) rows.push(row)
  return rows
}

/** Whether it may have changed what a read of the same object showed. */
export function mayBeSeen(history: History, row: OperationRow, read: OperationRow): boolean {
  const { key, outcome, callEvent, returnEvent } = history.operations
  const isCalled = (callEvent[row] ?? 0) < (returnEvent[read] ?? 0)
  return key[row] === key[read] && isCalled && outcome[row] !== FAIL && !isRead(history, row)
}

interface ChangesAround {
  /** What had been acknowledged before a read, in order of acknowledgement. */
  readonly before: readonly OperationRow[]
  /** What else it may show. */
  readonly open: readonly OperationRow[]
}

export function changesAround(history: History, read: OperationRow): ChangesAround {
  const { outcome, returnEvent } = history.operations
  const changes = rowsWhere(history, (row) => mayBeSeen(history, row, read))
  const isKnown = (row: OperationRow): boolean => outcome[row] === OK && wasBefore(history, row, read)
  const before = changes.filter(isKnown).toSorted((a, b) => (returnEvent[a] ?? 0) - (returnEvent[b] ?? 0))
  return { before, open: changes.filter((row) => !isKnown(row)) }
}

/** The least and the most that a read may show of a sum, with changes that may have taken effect or not. */
export const allowedBy = (known: number, perhaps: readonly number[]): readonly [least: number, most: number] => [
  rounded(known + sumOf(perhaps.filter((change) => change < 0))),
  rounded(known + sumOf(perhaps.filter((change) => change > 0))),
]

/** How far a sum is below the least or above the most; 0 if it is allowed. */
export const offBy = (shown: number, [least, most]: readonly [least: number, most: number]): number =>
  rounded(shown < least ? shown - least : shown > most ? shown - most : 0)

export const sumOf = (amounts: readonly number[]): number => rounded(amounts.reduce((sum, each) => sum + each, 0))

/** What it adds to a counter. */
export const amountOf = (history: History, row: OperationRow): number =>
  amountAdded({ f: functionOf(history, row), value: inputOf(history, row) })

export const wasBefore = ({ operations }: History, one: OperationRow, other: OperationRow): boolean =>
  (operations.returnEvent[one] ?? -1) >= 0 && (operations.returnEvent[one] ?? 0) < (operations.callEvent[other] ?? 0)

/** `+7,578`. */
export const changeText = (amount: number): string => `${amount > 0 ? '+' : ''}${amountText(amount)}`

/** Sums of fractions are not exact. */
export const rounded = (value: number): number => Math.round(value * 1e9) / 1e9
