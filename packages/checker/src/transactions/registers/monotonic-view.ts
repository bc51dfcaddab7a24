import { type EdgeList, WW } from '../graph/edges.ts'
import { READ, type TransactionRecord, WRITE } from '../record/record.ts'
import { INITIAL, NOBODY, type Sources } from './sources.ts'

/** A read of an initial value after a write of the key was visible: no order explains it. */
export interface TooOld {
  readonly reader: number
  readonly writer: number
  readonly key: number
}

/**
 * Monotonic atomic view: once a transaction saw another's write, it sees nothing older than what that one wrote. Adds an
 * edge from each writer seen before a read to the read's source. Every read counts, not every source: a second read of
 * one source may come after a newer one.
 */
export function addMonotonicViews(
  record: TransactionRecord,
  { counts, source, isLast }: Sources,
  edges: EdgeList,
): TooOld | undefined {
  const { length, starts, kind, key } = record
  const seen: number[] = []
  /** By key: writers seen so far by the transaction of the stamp. */
  const writers: number[][] = []
  const stamp = new Int32Array(record.keys.length).fill(-1)
  let tooOld: TooOld | undefined
  for (let t = 0; t < length; t++) {
    if (counts[t] === 0) continue
    seen.length = 0
    for (let row = starts[t]; row < starts[t + 1]; row++) {
      if (kind[row] !== READ || source[row] === NOBODY) continue
      const k = key[row]
      const from = source[row]
      if (stamp[k] === t)
        for (const writer of writers[k] ?? []) {
          if (from !== INITIAL) edges.add(writer, from, WW, k)
          else tooOld ??= { reader: t, writer, key: k }
        }
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
  return tooOld
}
