import type { Threads } from '../../encoding/threads.ts'
import type { Basis } from './basis.ts'

/**
 * The predecessors of each operation: for each thread, how many of its operations precede the operation. The operation
 * itself counts, too. Operations whose counts changed are queued in the order of `basis` (see `basisOf`), together with
 * the threads whose counts changed.
 */
export interface Vectors {
  readonly precedes: (a: number, b: number) => boolean
  /** Reports whether b precedes a, or is a. */
  readonly follows: (a: number, b: number) => boolean
  /** Returns how many operations of a thread precede an operation. The operation itself counts, too. */
  readonly count: (operation: number, thread: number) => number
  /** Queues every operation for its first examination. */
  readonly start: () => void
  /** Orders `a` and all its predecessors before `b`. Omits operations whose threads are not in the set `some`. */
  readonly merge: (a: number, b: number, some: Int32Array) => void
  /**
   * Removes the first operation from the queue and returns it; -1 if the queue is empty. `fresh` then holds the threads
   * whose counts changed for this operation.
   */
  readonly next: () => number
  /** The threads whose counts changed for the operation that `next` returned, as a set of bits. */
  readonly fresh: Int32Array
  /** The set of all threads, as bits. */
  readonly all: Int32Array
  /** Empties the queue. */
  readonly clear: () => void
  /** Starts recording changes; returns the position to undo to. */
  readonly mark: () => number
  readonly undo: (place: number) => void
  readonly commit: () => void
  readonly changes: () => number
}

/** Creates vectors. `take` reserves bytes for everything that grows. */
export function createVectors(threads: Threads, basis: Basis, take: (bytes: number) => boolean): Vectors {
  const { of, place } = threads
  const { length } = of
  const width = threads.count
  const words = (width + 31) >> 5
  const vectors = new Int32Array(length * width)
  const changed = new Int32Array(length * words)
  const trail = createTrail(vectors, take)
  const waiting = new Uint8Array(length)
  let waitingCount = 0
  /** A position in the order `basis.basis`. All queued operations are at this position or later. */
  let lowest = 0
  const fresh = new Int32Array(words)
  const all = new Int32Array(words).fill(-1)
  if (width % 32 !== 0) all[words - 1] = (1 << (width % 32)) - 1

  const wait = (operation: number): void => {
    const at = basis.place[operation]
    if (waiting[at] === 0) {
      waiting[at] = 1
      waitingCount++
    }
    if (at < lowest) lowest = at
  }
  const next = (): number => {
    if (waitingCount === 0) return -1
    while (waiting[lowest] === 0) lowest++
    waiting[lowest] = 0
    waitingCount--
    const operation = basis.basis[lowest]
    for (let word = 0; word < words; word++) {
      fresh[word] = changed[operation * words + word]
      changed[operation * words + word] = 0
    }
    return operation
  }
  return {
    precedes: (a, b) => vectors[b * width + of[a]] > place[a] && a !== b,
    follows: (a, b) => vectors[a * width + of[b]] > place[b],
    count: (operation, thread) => vectors[operation * width + thread],
    start: () => {
      for (let i = 0; i < length; i++) {
        vectors[i * width + of[i]] = place[i] + 1
        changed[i * words + (of[i] >> 5)] = 1 << (of[i] & 31)
        wait(i)
      }
    },
    merge: (a, b, some) => {
      const from = a * width
      const to = b * width
      let any = 0
      for (let word = 0; word < words; word++) {
        let risen = 0
        for (let bits = some[word]; bits !== 0; bits &= bits - 1) {
          const t = (word << 5) + 31 - Math.clz32(bits & -bits)
          const count = vectors[from + t]
          if (count <= vectors[to + t]) continue
          trail.note(to + t)
          vectors[to + t] = count
          risen |= bits & -bits
        }
        changed[b * words + word] |= risen
        any |= risen
      }
      if (any !== 0) wait(b)
    },
    next,
    fresh,
    all,
    clear: () => {
      while (next() !== -1);
    },
    mark: trail.begin,
    undo: trail.undo,
    commit: trail.forget,
    changes: trail.length,
  }
}

interface Trail {
  /** Starts recording changes; returns the position to undo to. */
  readonly begin: () => number
  /** Records a cell's content; must be called before the cell changes. */
  readonly note: (cell: number) => void
  readonly undo: (place: number) => void
  readonly length: () => number
  /** Makes all changes so far permanent, and stops recording until the next `begin`. */
  readonly forget: () => void
}

/** Creates a trail. If `take` refuses further bytes, changes are no longer recorded, and `undo` must not be called. */
function createTrail(cells: Int32Array, take: (bytes: number) => boolean): Trail {
  // The recorded changes, as pairs: a cell, and its previous content.
  let notes = new Int32Array(0)
  let used = 0
  let recording = false
  const grow = (): boolean => {
    const length = Math.max(FEWEST, 2 * notes.length)
    if (!take(4 * (length - notes.length))) return false
    const larger = new Int32Array(length)
    larger.set(notes)
    notes = larger
    return true
  }
  return {
    begin: () => {
      recording = true
      return used
    },
    note: (cell) => {
      if (!recording) return
      if (used === notes.length && !grow()) {
        recording = false
        return
      }
      notes[used++] = cell
      notes[used++] = cells[cell]
    },
    undo: (place) => {
      while (used > place) {
        used -= 2
        cells[notes[used]] = notes[used + 1]
      }
    },
    length: () => used / 2,
    forget: () => {
      used = 0
      recording = false
    },
  }
}

const FEWEST = 2048
