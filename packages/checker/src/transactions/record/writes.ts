import { addTo } from '../../encoding/lists.ts'
import { ABORTED, APPEND, type TransactionRecord, UNANSWERED } from './record.ts'

/** Finds the write of a value. Values identify writes, so the values of each key must differ. */
export interface Writes {
  find(key: number, value: number): number
  readonly repeated: ReadonlyMap<number, readonly number[]>
  readonly transaction: Int32Array
}

/**
 * Finds all writes of one kind. If an aborted write and another write have the same value, only the other write is
 * kept, because a client may repeat an aborted write.
 */
export function findWrites({ length, starts, kind, key, value, status }: TransactionRecord, wanted: number): Writes {
  let count = 0
  for (let row = 0; row < kind.length; row++) if (kind[row] === wanted) count++
  let size = 16
  while (size < 2 * count) size *= 2
  const mask = size - 1
  const slots = new Int32Array(size)
  const transaction = new Int32Array(kind.length)
  const repeated = new Map<number, number[]>()
  const slotOf = (k: number, v: number): number => {
    let slot = hashed(k, v) & mask
    for (; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const row = slots[slot] - 1
      if (key[row] === k && value[row] === v) break
    }
    return slot
  }
  for (let t = 0; t < length; t++) {
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== wanted) continue
      transaction[row] = t
      const slot = slotOf(key[row], value[row])
      const known = slots[slot] - 1
      if (known < 0 || status[transaction[known]] === ABORTED) slots[slot] = row + 1
      else if (status[t] !== ABORTED) {
        addTo(repeated, known, row)
      }
    }
  }
  return { find: (k, v) => slots[slotOf(k, v)] - 1, repeated, transaction }
}

const hashed = (key: number, value: number): number => {
  const product = Math.imul(Math.imul(key, 0x9e3779b1) ^ value, 0x85ebca6b)
  return product ^ (product >>> 15)
}

/**
 * Returns a record without those unanswered transactions whose appends were sent again. Returns undefined if there are
 * none. If the remaining transactions meet a level, so do all transactions, because the remaining ones explain every
 * read.
 */
export function withoutFirstTries(record: TransactionRecord): TransactionRecord | undefined {
  const { repeated, transaction } = findWrites(record, APPEND)
  const lost = [...repeated]
    .flatMap(([first, others]) => [first, ...others])
    .filter((row) => record.status[transaction[row]] === UNANSWERED)
  if (lost.length === 0) return undefined
  const status = record.status.slice()
  for (const row of lost) status[transaction[row]] = ABORTED
  return { ...record, status }
}
