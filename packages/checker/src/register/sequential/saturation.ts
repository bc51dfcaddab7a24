import { type Encoded, NOTHING } from '../../encoding/encoded.ts'
import { type Threads, threadsOf } from '../../encoding/threads.ts'
import { type Budget, inTime } from '../../limits/budget.ts'
import { type Basis, basisOf, effectTimes } from './basis.ts'
import { type KeyWrites, readersByThread, writesByKey } from './by-thread.ts'
import { AFTER, ASSUMED, BEFORE, createEdges, type Edge, type Edges, makeEdge, PROCESS } from './edges.ts'
import { INITIAL, type ReadsFrom } from './reads-from.ts'
import { createVectors } from './vectors.ts'

/** A new edge that contradicts older edges. According to the older edges, its `to` precedes its `from`. */
export interface Conflict {
  readonly edge: Edge
  /** The position of `edge` in the list of derived edges, if it is one of them. */
  readonly number?: number
}

export interface Saturation {
  readonly threads: Threads
  readonly encoded: Encoded
  readonly writerOf: Int32Array
  /** The operations in an order that contains program order and reads-from. */
  readonly basis: Int32Array
  /**
   * By write: the position of the earliest return that proves that the write took effect. The search uses these
   * positions only to decide what to try first. They exclude no order.
   */
  readonly effectBy: Int32Array
  /** Reports whether a precedes b in every explanation that is still possible. */
  readonly precedes: (a: number, b: number) => boolean
  /** Returns the number of operations of thread t that precede operation a, including a itself. */
  readonly before: (a: number, t: number) => number
  /** Orders an operation before others, and adds every order that follows from this. */
  readonly assume: (from: number, to: readonly number[]) => Conflict | undefined
  readonly mark: () => number
  readonly undo: (mark: number) => void
  /** Makes all assumptions so far permanent. */
  readonly commit: () => void
  readonly changes: () => number
  /**
   * Undoes all assumptions, and returns true. If assumptions are permanent (see `commit`), undoes none and returns
   * false.
   */
  readonly reset: () => boolean
  /**
   * The resource that ran out, if any. The derived orders are then true but incomplete, and `undo` must not be called.
   */
  readonly stopped: () => Limit | undefined
  readonly release: () => void
  /** Returns the first reader of the write in each thread. */
  readonly readersOf: (write: number) => Int32Array
  readonly isRead: (write: number) => boolean
  /** The edges added to program order and reads-from, oldest first. */
  readonly edges: Edges
  readonly keyWrites: KeyWrites
}

export type Limit = 'time' | 'memory'

export type Saturated =
  | { readonly result: 'saturated'; readonly saturation: Saturation }
  | { readonly result: 'conflict'; readonly saturation: Saturation; readonly conflict: Conflict }
  | { readonly result: 'stopped'; readonly reason: Limit }

/**
 * Computes the order that sequential consistency forces, for operations whose reads-from is certain. The order is a
 * fixpoint of program order, reads-from, and two rules. In both, W is another write to the same key.
 *
 * - A write that precedes a read of W's value precedes W ("overwritten before").
 * - A write that follows W follows all reads of W's value ("overwritten after").
 *
 * A cycle refutes sequential consistency. The converse does not hold (the problem is NP-complete: Gibbons & Korach
 * 1997).
 *
 * Operations are processed in an order that contains program order and reads-from, repeatedly while new predecessors
 * are found (see `Vectors`).
 */
export function saturate(
  facts: ReadsFrom,
  budget: Budget,
  threads: Threads = threadsOf(facts.encoded, true, budget),
): Saturated {
  const { encoded, writerOf } = facts
  const { length, key, writes } = encoded
  const width = threads.count
  const words = (width + 31) >> 5
  let bytes = 0
  let stopped: Limit | undefined
  const take = (more: number): boolean => {
    if (budget.take(more)) {
      bytes += more
      return true
    }
    stopped = 'memory'
    return false
  }
  if (budget.expired(length)) return { result: 'stopped', reason: 'time' }
  if (length * width >= 2 ** 30 || !take(4 * length * (width + words) + BYTES_FOR_EACH * length)) {
    return { result: 'stopped', reason: 'memory' }
  }
  const { of, place, start, members } = threads
  const columns = inTime(() => columnsOf(facts, threads, budget))
  if (columns === undefined) {
    budget.giveBack(bytes)
    return { result: 'stopped', reason: 'time' }
  }
  const { order, keyWrites, previousWrite } = columns
  const { first: firstReaders, last: lastReaders } = columns.readers
  const vectors = createVectors(threads, order, take)
  const { precedes, follows, count, merge, fresh } = vectors
  const edges = createEdges(length, take)

  /** Adds an edge, unless the order is known. If it would close a cycle, returns this conflict instead. */
  const addEdge = (
    from: number,
    to: number,
    reason: number,
    premise: number,
    conclusion: number,
    reader: number,
  ): Conflict | undefined => {
    if (from === to || follows(from, to)) return { edge: makeEdge(from, to, reason, premise, conclusion, reader) }
    if (precedes(from, to)) return undefined
    edges.push(from, to, reason, premise, conclusion, reader)
    if (stopped === undefined) merge(from, to, vectors.all)
    return undefined
  }
  /** Derives orders from the new predecessors of an operation. */
  const conclude = (operation: number): Conflict | undefined => {
    const source = writerOf[operation]
    const isWrite = writes[operation] !== NOTHING
    // The thread's previous write to the key. The loop skips writes that precede `ownLast`: their readers also precede
    // `ownLast`, and so precede `operation`.
    const ownLast = isWrite ? previousWrite[operation] : -1
    for (let word = 0; word < words; word++) {
      const writers = keyWrites.writers[key[operation] * words + word]
      for (let bits = fresh[word] & writers; bits !== 0; bits &= bits - 1) {
        const bit = 31 - Math.clz32(bits & -bits)
        const thread = (word << 5) + bit
        const known = count(operation, thread)
        // Skips a thread if all its operations that precede this read also precede the read's source. They imply no new
        // order.
        if (source >= 0 && !isWrite && count(source, thread) >= known) continue
        const list = keyWrites.listOf(key[operation], thread)
        let at = keyWrites.seek(list, known) - 1
        if (at >= keyWrites.start[list] && keyWrites.writes[at] === operation) at--
        if (at < keyWrites.start[list]) continue
        const last = keyWrites.writes[at]
        if (source === INITIAL) {
          return { edge: { from: operation, to: last, reason: 'overwritten after', reader: operation } }
        }
        // Calls `addEdge` only if `last` is not known to precede `source`. In most cases, this order is known.
        if (source >= 0 && last !== source && count(source, thread) <= place[last]) {
          const conflict = addEdge(last, source, BEFORE, last, operation, operation)
          if (conflict !== undefined) return conflict
        }
        if (!isWrite || (ownLast !== -1 && last !== ownLast && count(ownLast, thread) > place[last])) continue
        for (let r = lastReaders.start[last]; r < lastReaders.start[last + 1]; r++) {
          const reader = lastReaders.items[r]
          if (reader === operation || follows(operation, reader)) continue
          const conflict = addEdge(reader, operation, AFTER, last, operation, reader)
          if (conflict !== undefined) return conflict
        }
      }
    }
    return undefined
  }
  /**
   * Derives orders from the new predecessors of `operation`. Then adds these predecessors to each operation that
   * directly follows `operation`.
   */
  const process = (operation: number): Conflict | undefined => {
    if (writerOf[operation] >= INITIAL || writes[operation] !== NOTHING) {
      const conflict = conclude(operation)
      if (conflict !== undefined) return conflict
    }
    const nextPlace = start[of[operation]] + place[operation] + 1
    if (nextPlace < start[of[operation] + 1]) merge(operation, members[nextPlace], fresh)
    for (let r = firstReaders.start[operation]; r < firstReaders.start[operation + 1]; r++) {
      const reader = firstReaders.items[r]
      if (follows(operation, reader)) return { edge: { from: operation, to: reader, reason: 'reads from' } }
      merge(operation, reader, fresh)
    }
    for (let e = edges.first(operation); e !== -1; e = edges.next(e)) {
      const to = edges.to(e)
      if (follows(operation, to)) return { edge: edges.get(e), number: e }
      merge(operation, to, fresh)
    }
    return undefined
  }

  let visits = 0
  const settle = (): Conflict | undefined => {
    for (let operation = vectors.next(); operation !== -1; operation = vectors.next()) {
      if ((++visits & VISITS_BETWEEN_LOOKS) === 0 && budget.expired(VISITS_BETWEEN_LOOKS)) stopped = 'time'
      if (stopped !== undefined) return undefined
      const conflict = process(operation)
      if (conflict === undefined) continue
      vectors.clear()
      return conflict
    }
    return undefined
  }

  let committed = false
  const marks: [cells: number, edges: number][] = []
  const saturation: Saturation = {
    threads,
    encoded,
    writerOf,
    basis: order.basis,
    effectBy: effectTimes(facts),
    precedes,
    before: count,
    assume: (from, to) => {
      for (let n = 0; n < to.length; n++) {
        const conflict = addEdge(from, to[n], ASSUMED, -1, -1, -1)
        if (conflict === undefined) continue
        vectors.clear()
        return conflict
      }
      return settle()
    },
    mark: () => {
      marks.push([vectors.mark(), edges.count()])
      return marks.length - 1
    },
    undo: (mark) => {
      const [cells, count] = marks[mark]
      vectors.undo(cells)
      edges.cut(count)
      marks.length = mark
    },
    commit: () => {
      vectors.commit()
      marks.length = 0
      committed = true
    },
    changes: vectors.changes,
    reset: () => {
      if (committed) return false
      if (marks.length > 0) saturation.undo(0)
      return true
    },
    stopped: () => stopped,
    release: () => budget.giveBack(bytes),
    readersOf: (write) => firstReaders.items.subarray(firstReaders.start[write], firstReaders.start[write + 1]),
    isRead: (write) => firstReaders.start[write] < firstReaders.start[write + 1],
    edges,
    keyWrites,
  }

  if (budget.expired(length)) {
    saturation.release()
    return { result: 'stopped', reason: 'time' }
  }
  vectors.start()
  for (const { from, to, reason, reader } of baseEdges(facts, threads, keyWrites)) {
    if ((++visits & VISITS_BETWEEN_LOOKS) === 0 && budget.expired(VISITS_BETWEEN_LOOKS)) stopped = 'time'
    if (stopped !== undefined) break
    const conflict = addEdge(from, to, reason === 'process order' ? PROCESS : AFTER, -1, -1, reader ?? -1)
    if (conflict !== undefined) return { result: 'conflict', saturation, conflict }
  }
  const conflict = settle()
  if (stopped !== undefined) {
    saturation.release()
    return { result: 'stopped', reason: stopped }
  }
  return conflict === undefined ? { result: 'saturated', saturation } : { result: 'conflict', saturation, conflict }
}

function columnsOf(
  facts: ReadsFrom,
  threads: Threads,
  budget: Budget,
): {
  readonly order: Basis
  readonly readers: ReturnType<typeof readersByThread>
  readonly keyWrites: KeyWrites
  readonly previousWrite: Int32Array
} {
  const order = basisOf(facts, threads, budget)
  const readers = readersByThread(facts, threads, budget)
  const keyWrites = writesByKey(facts.encoded, threads, budget)
  return { order, readers, keyWrites, previousWrite: previousWrites(keyWrites, facts.encoded.length) }
}

/** Bytes per operation for lists and orders. */
const BYTES_FOR_EACH = 100

/**
 * A mask for the number of visits: the time is checked whenever the masked number is 0. Must be a power of two minus
 * one.
 */
const VISITS_BETWEEN_LOOKS = 0xff

/** By write: the previous write of its thread to the same key, or -1. */
function previousWrites({ start, writes }: KeyWrites, length: number): Int32Array {
  const previous = new Int32Array(length).fill(-1)
  for (let list = 0; list + 1 < start.length; list++) {
    for (let n = start[list] + 1; n < start[list + 1]; n++) previous[writes[n]] = writes[n - 1]
  }
  return previous
}

/**
 * Returns the initial orders: between the threads of one client, and from each read of the initial value to the first
 * write of the key in every other thread.
 */
function baseEdges({ encoded, writerOf }: ReadsFrom, threads: Threads, keyWrites: KeyWrites): Edge[] {
  const edges: Edge[] = []
  const { before } = threads
  for (let i = 0; i < encoded.length; i++) {
    for (let n = before.start[i]; n < before.start[i + 1]; n++) {
      edges.push({ from: before.items[n], to: i, reason: 'process order' })
    }
    if (writerOf[i] !== INITIAL) continue
    for (let list = keyWrites.first[encoded.key[i]]; list < keyWrites.first[encoded.key[i] + 1]; list++) {
      const first = keyWrites.writes[keyWrites.start[list]]
      // A read of the initial value needs no edge to a write of its own thread. If such a write precedes the read, the
      // contradiction appears when the read is processed.
      if (keyWrites.thread[list] === threads.of[i]) continue
      edges.push({ from: i, to: first, reason: 'overwritten after', reader: i })
    }
  }
  return edges
}
