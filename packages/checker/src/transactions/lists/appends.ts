import { ABORTED, APPEND, type TransactionRecord } from '../record/record.ts'

/** Which append added an element to a key. */
export interface Appends {
  /** The micro-operation; -1 if nothing appended it. */
  readonly find: (key: number, element: number) => number
  /** By micro-operation: its transaction, for appends. */
  readonly transaction: Int32Array
  /** Keys with an element that was appended twice, and the two micro-operations. */
  readonly repeated: ReadonlyMap<number, readonly [first: number, second: number]>
}

/**
 * Elements name the appends: each key's must differ. An append that aborted gives way to another of the same element: a
 * client that retries may append it again.
 */
export function findAppends({ length, starts, kind, key, value, status }: TransactionRecord): Appends {
  let count = 0
  for (let row = 0; row < kind.length; row++) if (kind[row] === APPEND) count++
  let size = 16
  while (size < 2 * count) size *= 2
  const mask = size - 1
  const slots = new Int32Array(size)
  const transaction = new Int32Array(kind.length)
  const repeated = new Map<number, readonly [number, number]>()
  for (let t = 0; t < length; t++) {
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== APPEND) continue
      transaction[row] = t
      let slot = hashed(key[row], value[row]) & mask
      for (;;) {
        const known = slots[slot] - 1
        if (known < 0) {
          slots[slot] = row + 1
          break
        }
        if (key[known] === key[row] && value[known] === value[row]) {
          if (status[transaction[known]] === ABORTED) slots[slot] = row + 1
          else if (status[t] !== ABORTED && !repeated.has(key[row])) repeated.set(key[row], [known, row])
          break
        }
        slot = (slot + 1) & mask
      }
    }
  }
  return {
    find: (k, element) => {
      let slot = hashed(k, element) & mask
      for (;;) {
        const row = slots[slot] - 1
        if (row < 0 || (key[row] === k && value[row] === element)) return row
        slot = (slot + 1) & mask
      }
    },
    transaction,
    repeated,
  }
}

const hashed = (key: number, element: number): number => {
  const product = Math.imul(Math.imul(key, 0x9e3779b1) ^ element, 0x85ebca6b)
  return product ^ (product >>> 15)
}
