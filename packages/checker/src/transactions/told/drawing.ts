import type { ArrowEnd, DrawnTransaction, TransactionArrow, TransactionDrawing } from '../../verdict/verdict.ts'
import { READ, type TransactionRecord, transactionOf } from '../record/record.ts'
import { inOrder, keyText, NO_ROW, type StepRows, stepOf } from './words.ts'

/** An order of two transactions, and the micro-operations that it is about. */
export interface DrawnOrder extends Omit<TransactionArrow, 'from' | 'to'> {
  readonly from: number
  readonly to: number
  readonly rows: StepRows
}

/** Transactions in a cycle: of each only what an order is about. */
export function drawn(
  record: TransactionRecord,
  transactions: readonly number[],
  orders: readonly DrawnOrder[],
): TransactionDrawing {
  const rows = new Set(orders.flatMap(({ rows: { from, to } }) => [from, to]).filter((row) => row !== NO_ROW))
  for (const row of [...rows]) {
    const read = readBefore(record, row, transactionOf(record, row))
    if (read !== NO_ROW) rows.add(read)
  }
  const { parts, endOf } = partsOf(record, transactions, rows)
  const arrows = orders.map(
    ({ from, to, rows, edge, key, because }): TransactionArrow => ({
      ...{ from: endOf(from, rows.from), to: endOf(to, rows.to), edge, key, because },
    }),
  )
  return { parts, arrows, isCycle: true }
}

/** What a transaction had read of a key when it wrote it: the value may come from there. */
export function readBefore({ starts, kind, key }: TransactionRecord, write: number, t: number): number {
  if (kind[write] === READ) return NO_ROW
  for (let row = write - 1; row >= starts[t]; row--) if (key[row] === key[write] && kind[row] === READ) return row
  return NO_ROW
}

/** Of a transaction in a contradiction that is no cycle, the first of what it did. */
const MOST_STEPS = 5

/** Transactions of which all may matter. */
export function drawnWhole(record: TransactionRecord, transactions: readonly number[]): TransactionDrawing {
  const { starts } = record
  const rows = transactions.flatMap((t) =>
    Array.from({ length: Math.min(MOST_STEPS, starts[t + 1] - starts[t]) }, (_, i) => starts[t] + i),
  )
  return { parts: partsOf(record, transactions, new Set(rows)).parts, arrows: [], isCycle: false }
}

interface DrawnFinding {
  readonly transaction: number
  readonly micro: number
  /** The other micro-operation it takes, and its transaction; -1 if there is none. */
  readonly other: number
  readonly second: number
  /** Whether the other micro-operation is a write. */
  readonly isWrite: boolean
  readonly because: string
}

/** A read that is wrong by itself, and what it contradicts. */
export function drawnFinding(
  record: TransactionRecord,
  { transaction, micro, other, second, isWrite, because }: DrawnFinding,
): TransactionDrawing {
  const rows = new Set([micro, other].filter((row) => row >= 0))
  const { parts, endOf } = partsOf(record, [transaction, second], rows, micro)
  const key = keyText(record, record.key[micro])
  const arrow: TransactionArrow = {
    ...{ from: endOf(second, other), to: endOf(transaction, micro), edge: 'wr', key, because },
  }
  return { parts, arrows: isWrite && second !== transaction ? [arrow] : [], isCycle: false }
}

function partsOf(
  record: TransactionRecord,
  transactions: readonly number[],
  rows: ReadonlySet<number>,
  wrong: number = NO_ROW,
): {
  readonly parts: readonly DrawnTransaction[]
  readonly endOf: (transaction: number, row: number) => ArrowEnd
} {
  const shown = inOrder(transactions)
  const rowsOfPart = shown.map((t) => [...rows].filter((row) => row >= record.starts[t] && row < record.starts[t + 1]))
  for (const its of rowsOfPart) its.sort((a, b) => a - b)
  return {
    parts: shown.map((operation, at) => ({
      operation,
      steps: (rowsOfPart[at] ?? []).map((row) => ({
        ...stepOf(record, row),
        ...(row === wrong ? { isWrong: true } : {}),
      })),
      others: record.starts[operation + 1] - record.starts[operation] - (rowsOfPart[at]?.length ?? 0),
    })),
    endOf: (transaction, row) => {
      const part = shown.indexOf(transaction)
      const step = rowsOfPart[part]?.indexOf(row) ?? -1
      return step < 0 ? { part } : { part, step }
    },
  }
}
