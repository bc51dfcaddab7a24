import { READ, type TransactionRecord, WRITE } from '../record/record.ts'
import { INITIAL, NOBODY, type Sources } from './sources.ts'
import type { Views } from './views.ts'

/**
 * Monotonic atomic view: once a transaction saw another's write, it sees nothing older than what that one wrote. So
 * each writer seen before a read comes before the read's source. Every read counts, not every source: a second read of
 * one source may come after a newer one.
 */
export function addMonotonicViews(record: TransactionRecord, { counts, source, isLast }: Sources, views: Views): void {
  const { length, starts, kind, key } = record
  const seen: number[] = []
  /** By key: writers seen so far by the transaction of the stamp. */
  const writers: number[][] = []
  const stamp = new Int32Array(record.keys.length).fill(-1)
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    seen.length = 0
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== READ || source[row] === NOBODY) continue
      const k = key[row]
      const from = source[row]
      if (stamp[k] === t) for (const writer of writers[k] ?? []) views.sees(t, writer, from, k)
      if (from === INITIAL || seen.includes(from)) continue
      seen.push(from)
      for (let write = starts[from]; write < starts[from + 1]; write++) {
        if (kind[write] !== WRITE || isLast[write] === 0) continue
        const other = key[write]
        if (stamp[other] !== t) {
          stamp[other] = t
          writers[other] = []
        }
        writers[other]?.push(from)
      }
    }
  }
}
