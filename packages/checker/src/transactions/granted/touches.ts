import { NEVER } from '../../encoding/encoded.ts'
import { COMMITTED, READ, type TransactionRecord } from '../record/record.ts'

/** What a transaction did to one key. */
export interface Touch {
  readonly transaction: number
  readonly key: number
  /** The micro-operations with the first version that it saw or made, and with the last. */
  readonly first: number
  readonly last: number
  /** Its last write of the key; -1 if there is none. */
  readonly written: number
}

/** Calls `visit` for each key of each transaction that counts, in the order of the transactions. */
export function eachTouch(record: TransactionRecord, counts: Uint8Array, visit: (touch: Touch) => void): void {
  const { length, starts, kind, key, status } = record
  for (let transaction = 0; transaction < length; transaction++) {
    if (counts[transaction] === 0) continue
    const touches = new Map<number, { first: number; last: number; written: number }>()
    for (let row = starts[transaction]; row < starts[transaction + 1]; row++) {
      if (kind[row] === READ && status[transaction] !== COMMITTED) continue
      const known = touches.get(key[row])
      const written = kind[row] === READ ? -1 : row
      if (known === undefined) touches.set(key[row], { first: row, last: row, written })
      else {
        known.last = row
        if (written >= 0) known.written = written
      }
    }
    for (const [k, touch] of touches) visit({ transaction, key: k, ...touch })
  }
}

/** Whether one transaction had completed before another was invoked. */
export const precedes = ({ invoked, completed }: TransactionRecord, one: number, other: number): boolean =>
  completed[one] !== NEVER && completed[one] < invoked[other]
