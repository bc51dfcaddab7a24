import { READ, type TransactionRecord } from '../record/record.ts'
import { INITIAL, type Versions } from '../record/versions.ts'

/**
 * Carries out the transactions in an order: each read must see the last version of its key, and each write make a later
 * one. Anything else is our own bug.
 */
export function replay(record: TransactionRecord, versions: Versions, order: Int32Array): void {
  const { starts, kind, key } = record
  const { of, writer, ordered } = versions
  const last = new Int32Array(ordered.length).fill(INITIAL)
  for (const t of order) {
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      const version = of[row]
      if (kind[row] !== READ || version < INITIAL) continue
      const current = last[key[row]]
      const isCurrent = current === version || (current >= 0 && version >= 0 && writer[current] === writer[version])
      if (!isCurrent) throw new Error(`transaction ${t} does not read the last version in the order found`)
    }
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] === READ || of[row] < 0) continue
      if (of[row] < ordered[key[row]] && of[row] <= last[key[row]])
        throw new Error(`transaction ${t} writes an older version in the order found`)
      if (of[row] > last[key[row]] || of[row] >= ordered[key[row]]) last[key[row]] = of[row]
    }
  }
}
