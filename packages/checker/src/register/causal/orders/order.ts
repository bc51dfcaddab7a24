import { type Encoded, NOTHING } from '../../../encoding/encoded.ts'
import { type Threads, threadsOf } from '../../../encoding/threads.ts'
import { depthFirst, NO_MORE, NO_NODE } from '../../../graph/walks.ts'
import { type Budget, createPace, OutOfTime } from '../../../limits/budget.ts'
import type { Edge } from '../../sequential/edges.ts'

/** Operations with the write that each read saw. An undecided read (NO_READ) constrains nothing. */
export interface Sourced {
  readonly encoded: Encoded
  /** The write that each operation observed; INITIAL or NO_READ if none. */
  readonly writerOf: Int32Array
}

/** The writes to one key in one thread, in thread order. */
interface KeyWrites {
  readonly thread: number
  readonly writes: readonly number[]
}

/** The facts that decide the causal levels and the session guarantees: the threads, and the writes of each key. */
export interface Facts extends Sourced {
  readonly threads: Threads
  readonly writesTo: (key: number) => readonly KeyWrites[]
}

/** @throws OutOfTime */
export function factsOf({ encoded, writerOf }: Sourced, budget: Budget): Facts {
  const threads = threadsOf(encoded, true, budget)
  const lists: KeyWrites[][] = []
  // `threads.members` contains all operations of one thread, then all of the next. So if a key already has a list for
  // the current thread, it is the key's last list.
  for (let m = 0; m < encoded.length; m++) {
    budget.tick()
    const i = threads.members[m]
    if (encoded.writes[i] === NOTHING) continue
    const k = encoded.key[i]
    lists[k] ??= []
    const last = lists[k][lists[k].length - 1]
    if (last !== undefined && last.thread === threads.of[i]) (last.writes as number[]).push(i)
    else lists[k].push({ thread: threads.of[i], writes: [i] })
  }
  return { encoded, writerOf, threads, writesTo: (key) => lists[key] ?? [] }
}

export function previousOf({ of, place, start, members }: Threads, operation: number): number {
  return place[operation] > 0 ? members[start[of[operation]] + place[operation] - 1] : -1
}

/**
 * Returns the last of a thread's `writes` that is among the first `count` operations of the thread; -1 if there is
 * none.
 */
export function lastAmong(writes: readonly number[], count: number, place: Int32Array): number {
  const among = countAmong(writes, writes.length, count, place)
  return among === 0 ? -1 : writes[among - 1]
}

/**
 * Returns how many of the first `length` operations of a list are among the first `count` operations of their thread.
 */
export function countAmong(list: readonly number[], length: number, count: number, place: Int32Array): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >> 1
    if (place[list[middle]] < count) low = middle + 1
    else high = middle
  }
  return low
}

/** The causal order: the transitive closure of each client's order and reads-from. */
export interface CausalOrder {
  readonly width: number
  /**
   * By operation and thread: how many of the thread's operations precede the operation. In its own thread, the
   * operation itself counts, too.
   */
  readonly rows: Int32Array
  /** All operations, each after its predecessors. */
  readonly basis: Int32Array
  readonly precedes: (a: number, b: number) => boolean
  readonly release: () => void
}

/**
 * Orders all operations. Each operation comes after its client's previous operations and after the write that it saw.
 * Where this allows it, operations are in order of call. If there is no such order, a read saw a write from its own
 * future; returns a cycle that shows this.
 *
 * @throws OutOfTime
 */
export function basisOf(
  { encoded, writerOf, threads }: Facts,
  budget: Budget,
): { readonly basis: Int32Array } | { readonly cycle: readonly Edge[] } {
  const { length } = encoded
  const { start, items } = threads.before
  const ordered = depthFirst(
    length,
    (operation, place) => {
      if (place === 0) return previousOf(threads, operation)
      const at = start[operation] + place - 1
      if (at < start[operation + 1]) return items[at]
      return at > start[operation + 1] ? NO_MORE : Math.max(NO_NODE, writerOf[operation])
    },
    { tick: () => budget.tick() },
  )
  return 'order' in ordered ? { basis: ordered.order } : { cycle: cycleThrough(ordered.cycle, writerOf) }
}

/**
 * Converts a path of operations to a cycle of orders. The path runs backwards: each operation must come after the next
 * one in the path, and the last must come after the first.
 */
function cycleThrough(path: readonly number[], writerOf: Int32Array): readonly Edge[] {
  return path
    .map((operation, n): Edge => {
      const need = path[(n + 1) % path.length]
      return { from: need, to: operation, reason: writerOf[operation] === need ? 'reads from' : 'process order' }
    })
    .reverse()
}

/** Returns the causal order, if memory suffices. @throws OutOfTime */
export function causalOrder(facts: Facts, basis: Int32Array, budget: Budget): CausalOrder | undefined {
  const { encoded, writerOf, threads } = facts
  const { of, place, before } = threads
  const width = threads.count
  const bytes = 4 * encoded.length * width
  if (encoded.length * width >= 2 ** 30 || !budget.take(bytes)) return undefined
  const rows = new Int32Array(encoded.length * width)
  const looks = createPace(budget, width)
  for (const operation of basis) {
    if (looks.isLate()) {
      budget.giveBack(bytes)
      throw new OutOfTime()
    }
    const at = operation * width
    const previous = previousOf(threads, operation)
    const source = writerOf[operation]
    if (previous !== -1) rows.copyWithin(at, previous * width, previous * width + width)
    for (let n = before.start[operation]; n < before.start[operation + 1]; n++) {
      raise(rows, at, rows, before.items[n] * width, width)
    }
    if (source >= 0 && rows[at + of[source]] <= place[source]) raise(rows, at, rows, source * width, width)
    rows[at + of[operation]] = place[operation] + 1
  }
  return {
    width,
    rows,
    basis,
    precedes: (a, b) => a !== b && rows[b * width + of[a]] > place[a],
    release: () => budget.giveBack(bytes),
  }
}

/**
 * Raises each entry of the row in `to` to the entry of the row in `from` if this is greater. Returns whether an entry
 * changed.
 */
export function raise(to: Int32Array, toAt: number, from: Int32Array, fromAt: number, width: number): boolean {
  let changed = false
  for (let t = 0; t < width; t++) {
    const count = from[fromAt + t]
    if (count <= to[toAt + t]) continue
    to[toAt + t] = count
    changed = true
  }
  return changed
}
