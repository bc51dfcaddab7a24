import { type Encoded, NOTHING } from '../../encoding/encoded.ts'
import type { Lists } from '../../encoding/lists.ts'
import type { Threads } from '../../encoding/threads.ts'
import type { Budget } from '../../limits/budget.ts'
import { ones } from '../../search/beam.ts'
import type { ReadsFrom } from './reads-from.ts'

/** The writes of each key, in one list for each thread. */
export interface KeyWrites {
  /** The lists of key k are first[k] to first[k + 1] - 1, in ascending order of thread. */
  readonly first: Int32Array
  readonly thread: Int32Array
  /** The writes of list n are writes[start[n]] … writes[start[n + 1] - 1], in thread order. */
  readonly start: Int32Array
  readonly writes: Int32Array
  /** The threads that write to key k, as bits. These begin at writers[k * words] and take `words` words. */
  readonly writers: Int32Array
  /**
   * Returns the index (in `thread` and `start`) of the list of a thread's writes to a key. The thread must have such
   * writes.
   */
  readonly listOf: (key: number, thread: number) => number
  /**
   * Skips the writes of a list that are among the first `count` operations of their thread. Returns the index in
   * `writes` of the next write of the list, or the end of the list if no write is left.
   */
  readonly seek: (list: number, count: number) => number
}

/** @throws OutOfTime */
export function writesByKey(
  { length, keys, key, writes }: Encoded,
  { count, of, place, members }: Threads,
  budget: Budget,
): KeyWrites {
  // Sorts the writes by key, thread and place in the thread.
  const from = new Int32Array(keys + 1)
  for (let i = 0; i < length; i++) if (writes[i] !== NOTHING) from[key[i] + 1]++
  for (let k = 0; k < keys; k++) from[k + 1] += from[k]
  const next = from.slice(0, keys)
  const sorted = new Int32Array(from[keys])
  for (let m = 0; m < length; m++) {
    budget.tick()
    if (writes[members[m]] !== NOTHING) sorted[next[key[members[m]]]++] = members[m]
  }
  const first = new Int32Array(keys + 1)
  const thread: number[] = []
  const start: number[] = []
  for (let k = 0; k < keys; k++) {
    first[k] = start.length
    for (let n = from[k]; n < from[k + 1]; n++) {
      budget.tick()
      if (n > from[k] && of[sorted[n]] === of[sorted[n - 1]]) continue
      thread.push(of[sorted[n]])
      start.push(n)
    }
  }
  first[keys] = start.length
  const words = (count + 31) >> 5
  const writers = new Int32Array(keys * words)
  // By word of `writers` (the bits of 32 threads): the index of the first list of writes (see `KeyWrites`) of these
  // threads.
  const firstOfWord = new Int32Array(keys * words)
  for (let k = 0; k < keys; k++) {
    for (let list = first[k + 1] - 1; list >= first[k]; list--) {
      const word = k * words + (thread[list] >> 5)
      writers[word] |= 1 << (thread[list] & 31)
      firstOfWord[word] = list
    }
  }
  const listOf = (k: number, t: number): number => {
    const word = k * words + (t >> 5)
    return firstOfWord[word] + ones(writers[word] & ((1 << (t & 31)) - 1))
  }
  start.push(sorted.length)
  const starts = Int32Array.from(start)
  const places = sorted.map((write) => place[write])
  // By list: where the last search ended, because the next search probably ends nearby.
  const hints = starts.slice()
  const search = (list: number, count: number): number => {
    let low = starts[list]
    let high = starts[list + 1]
    while (low < high) {
      const middle = (low + high) >> 1
      if (places[middle] < count) low = middle + 1
      else high = middle
    }
    return low
  }
  const seek = (list: number, count: number): number => {
    let n = hints[list]
    for (let steps = 0; steps < NEAR; steps++) {
      if (n < starts[list + 1] && places[n] < count) n++
      else if (n > starts[list] && places[n - 1] >= count) n--
      else {
        hints[list] = n
        return n
      }
    }
    n = search(list, count)
    hints[list] = n
    return n
  }
  return { first, thread: Int32Array.from(thread), start: starts, writes: sorted, writers, listOf, seek }
}

const NEAR = 6

/**
 * By write: its first and its last reader in each thread. The readers in between follow by program order.
 *
 * @throws OutOfTime
 */
export function readersByThread(
  { encoded, writerOf }: ReadsFrom,
  { of, members }: Threads,
  budget: Budget,
): { readonly first: Lists; readonly last: Lists } {
  const { length } = encoded
  const lastThread = new Int32Array(length).fill(-1)
  const start = new Int32Array(length + 1)
  // Counts each thread once for each write that it read. Threads are visited one after another, so it suffices to
  // remember the last thread counted for each write.
  for (let m = 0; m < length; m++) {
    budget.tick()
    const writer = writerOf[members[m]]
    if (writer < 0 || lastThread[writer] === of[members[m]]) continue
    lastThread[writer] = of[members[m]]
    start[writer + 1]++
  }
  for (let i = 0; i < length; i++) start[i + 1] += start[i]
  const next = start.slice()
  const first = new Int32Array(start[length])
  const last = new Int32Array(start[length])
  lastThread.fill(-1)
  for (let m = 0; m < length; m++) {
    budget.tick()
    const reader = members[m]
    const writer = writerOf[reader]
    if (writer < 0) continue
    if (lastThread[writer] === of[reader]) {
      last[next[writer] - 1] = reader
      continue
    }
    lastThread[writer] = of[reader]
    first[next[writer]] = reader
    last[next[writer]++] = reader
  }
  return { first: { start, items: first }, last: { start, items: last } }
}
