import { NEVER } from '../../encoding/encoded.ts'
import { ascending } from '../../encoding/lists.ts'
import type { TransactionRecord } from './record.ts'

export interface Part {
  readonly record: TransactionRecord
  readonly whole: readonly number[]
  /** By transaction of the whole record: its number in the part. */
  readonly number: ReadonlyMap<number, number>
  readonly rows: readonly number[]
  /** By key of the part: its number in the whole record. */
  readonly keys: readonly number[]
}

/** The columns of some micro-operations. */
export function columnsOf({ kind, key, value, list }: TransactionRecord, rows: readonly number[]) {
  const at = (column: Int32Array): Int32Array => Int32Array.from(rows, (row) => column[row])
  return { kind: Uint8Array.from(rows, (row) => kind[row]), key: at(key), value: at(value), list: at(list) }
}

/** @param kept numbers of transactions, ascending */
export function partOf(record: TransactionRecord, kept: readonly number[]): Part {
  const starts = new Int32Array(kept.length + 1)
  const rows: number[] = []
  kept.forEach((t, at) => {
    for (let row = record.starts[t]; row < record.starts[t + 1]; row++) rows.push(row)
    starts[at + 1] = rows.length
  })
  const keys = [...new Set(rows.map((row) => record.key[row]))]
  const keyNumber = new Map(keys.map((key, at) => [key, at]))
  // Renumbers event positions without gaps, so that loops over all positions are short.
  const positions = ascending(kept.flatMap((t) => [record.invoked[t], record.completed[t]]))
  const rank = new Map(positions.map((position, at) => [position, position === NEVER ? NEVER : at]))
  const ranked = (column: Int32Array): Int32Array => Int32Array.from(kept, (t) => rank.get(column[t]) ?? NEVER)
  return {
    record: {
      ...record,
      length: kept.length,
      status: Uint8Array.from(kept, (t) => record.status[t]),
      session: Int32Array.from(kept, (t) => record.session[t]),
      invoked: ranked(record.invoked),
      completed: ranked(record.completed),
      starts,
      ...columnsOf(record, rows),
      key: Int32Array.from(rows, (row) => keyNumber.get(record.key[row]) ?? 0),
      keys: Int32Array.from(keys, (key) => record.keys[key]),
    },
    whole: kept,
    number: new Map(kept.map((t, at) => [t, at])),
    rows,
    keys,
  }
}
