import type { Counterexample, OperationRow, Report } from '@chaosproxy/checker'
import { amountAdded } from '@chaosproxy/checker/effects'
import { amountText, FAIL, functionOf, type History, hasTimes, inputOf, moment } from '@chaosproxy/history'
import { byReturn, callEventOf, isOk, isRead, linesOf, returnEventOf, wasBefore } from '../operation-words.ts'
import { distinguishingDigits } from '../words.ts'

/** A contradiction as a table. Terminal and pages only format it. */
export interface Sheet {
  /** The title of the table: `Account a, transfer by transfer`. */
  readonly title: string
  readonly columns: readonly { readonly title: string; readonly align?: 'left' | 'right' }[]
  readonly rows: readonly SheetRow[]
  /** Whether times matter as much as values. If so, a page first draws a time axis. */
  readonly isTimed?: boolean
}

export interface SheetRow {
  readonly cells: readonly string[]
  /** The indexes of the cells that show the contradiction. */
  readonly wrong?: readonly number[]
  /** `sum`: a sum of the rows above. `faint`: a row of less weight, such as a placeholder for omitted rows. */
  readonly look?: 'sum' | 'faint'
  readonly operation?: OperationRow | undefined
}

export interface SheetInput {
  readonly history: History
  readonly report: Report<string>
  readonly counterexample: Counterexample
}

/** Returns the table of a contradiction; undefined if a time axis shows the contradiction best. */
export type LayOutSheet = (input: SheetInput) => Sheet | undefined

export const textColumns = (...titles: readonly string[]): Sheet['columns'] => titles.map((title) => ({ title }))

export const numberColumns = (...titles: readonly string[]): Sheet['columns'] =>
  titles.map((title) => ({ title, align: 'right' }))

/**
 * Returns a function that formats the times of operations with enough digits to distinguish them. If the history has no
 * times, the function returns line numbers instead.
 */
export function clockOf(
  history: History,
  rows: readonly OperationRow[],
): (row: OperationRow, what: 'call' | 'return') => string {
  const { callTime, returnTime, returnEvent } = history.operations
  const timeOf = (row: OperationRow, what: 'call' | 'return'): number =>
    (what === 'call' ? callTime[row] : returnTime[row]) ?? 0
  const digits = distinguishingDigits(
    rows.flatMap((row) => [timeOf(row, 'call'), timeOf(row, 'return')]),
    4,
  )
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

/** The acknowledged operations on the object of an operation. */
export const acknowledgedOn = (history: History, operation: OperationRow): readonly OperationRow[] =>
  rowsWhere(history, (row) => history.operations.key[row] === history.operations.key[operation] && isOk(history, row))

/** Whether the read may show the operation's change. */
export function mayBeSeen(history: History, row: OperationRow, read: OperationRow): boolean {
  const { key, outcome } = history.operations
  const isCalled = callEventOf(history, row) < returnEventOf(history, read)
  return key[row] === key[read] && isCalled && outcome[row] !== FAIL && !isRead(history, row)
}

interface ChangesAround {
  /** The changes acknowledged before a read. */
  readonly before: readonly OperationRow[]
  /** Changes that the read may or may not show. */
  readonly open: readonly OperationRow[]
}

export function changesAround(history: History, read: OperationRow): ChangesAround {
  const changes = rowsWhere(history, (row) => mayBeSeen(history, row, read))
  const isKnown = (row: OperationRow): boolean => isOk(history, row) && wasBefore(history, row, read)
  const before = changes.filter(isKnown).toSorted(byReturn(history))
  return { before, open: changes.filter((row) => !isKnown(row)) }
}

/** Returns the least and the greatest sum that a read may show. The changes in `perhaps` are uncertain. */
export const allowedBy = (known: number, perhaps: readonly number[]): readonly [least: number, most: number] => [
  rounded(known + sumOf(perhaps.filter((change) => change < 0))),
  rounded(known + sumOf(perhaps.filter((change) => change > 0))),
]

/** Returns how far a sum is outside its limits: negative if too low, 0 if within. */
export const offBy = (shown: number, [least, most]: readonly [least: number, most: number]): number =>
  rounded(shown < least ? shown - least : shown > most ? shown - most : 0)

export const sumOf = (amounts: readonly number[]): number => rounded(amounts.reduce((sum, each) => sum + each, 0))

export const amountOf = (history: History, row: OperationRow): number =>
  amountAdded({ f: functionOf(history, row), value: inputOf(history, row) })

/** `+7,578`. */
export const changeText = (amount: number): string => `${amount > 0 ? '+' : ''}${amountText(amount)}`

/** Rounds a sum to 9 decimals: sums of fractions are not exact. */
export const rounded = (value: number): number => Math.round(value * 1e9) / 1e9
