import type { Counterexample, OperationRow, Report } from '@chaosproxy/checker'
import { amountText, functionOf, type History, hasTimes, inputOf, moment } from '@chaosproxy/history'
import { linesOf } from '../operation-words.ts'
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

export interface SheetInput {
  readonly history: History
  readonly report: Report<string>
  readonly counterexample: Counterexample
}

/** Undefined if an axis of time shows the contradiction best. */
export type LayOutSheet = (input: SheetInput) => Sheet | undefined

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

/** What it adds to a counter: without an amount, one. */
export function amountOf(history: History, row: OperationRow): number {
  const input = inputOf(history, row)
  const amount = typeof input === 'number' ? input : 1
  return functionOf(history, row).startsWith('dec') || functionOf(history, row).startsWith('sub') ? -amount : amount
}

export const wasBefore = ({ operations }: History, one: OperationRow, other: OperationRow): boolean =>
  (operations.returnEvent[one] ?? -1) >= 0 && (operations.returnEvent[one] ?? 0) < (operations.callEvent[other] ?? 0)

/** `+7,578`. */
export const changeText = (amount: number): string => `${amount > 0 ? '+' : ''}${amountText(amount)}`

/** Sums of fractions are not exact. */
export const rounded = (value: number): number => Math.round(value * 1e9) / 1e9
