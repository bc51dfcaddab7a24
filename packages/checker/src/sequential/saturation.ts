import type { Budget } from '../budget.ts'
import { type Encoded, NOTHING } from '../encoded.ts'
import type { OrderEdge } from '../verdict.ts'
import { INITIAL, type ReadsFrom } from './reads-from.ts'
import { type Threads, threadsOf } from './threads.ts'

/** An order that every sequentially consistent explanation has, and why. */
export interface Edge {
  readonly from: number
  readonly to: number
  readonly reason: OrderEdge['reason'] | 'assumed'
  /** Where it was derived: since `premise` precedes `conclusion` (by edges older than this one), and `reader` saw what it saw. */
  readonly premise?: readonly [premise: number, conclusion: number] | undefined
  readonly reader?: number | undefined
}

/** Orders that contradict each other: the last edge, and the fact that its `to` precedes its `from` by older edges. */
export interface Conflict {
  readonly edge: Edge
}

/** The partial order forced so far; grows by `assume` and shrinks by `undo`. */
export interface Saturation {
  readonly threads: Threads
  readonly encoded: Encoded
  readonly writerOf: Int32Array
  /** Operations in an order that contains program order and reads-from; the basis of every scan. */
  readonly basis: Int32Array
  /**
   * By when a write had taken effect, by the clock: its own return or that of the first operation that saw it. Means
   * nothing for what is allowed, and is the best guess at what happened.
   */
  readonly effectBy: Int32Array
  /** Whether a comes before b in every explanation found possible so far. */
  readonly precedes: (a: number, b: number) => boolean
  /** How many operations of thread t come before operation a (or are a). */
  readonly before: (a: number, t: number) => number
  /** Puts an operation before others, and adds everything that follows from it. */
  readonly assume: (from: number, to: readonly number[]) => Conflict | undefined
  readonly mark: () => number
  readonly undo: (mark: number) => void
  /** Takes all assumptions made so far for good: no mark made before can be gone back to. */
  readonly commit: () => void
  /** Whether the deadline passed while drawing conclusions: then what is known is true but not complete. */
  readonly stopped: () => boolean
  readonly release: () => void
  /** Of each thread that read the write, the first operation that did. */
  readonly readersOf: (write: number) => Int32Array
  readonly isRead: (write: number) => boolean
  /** All edges beyond program order and reads-from, oldest first. */
  readonly listEdges: () => readonly Edge[]
  /** For each thread that writes to the key: the thread, and its writes in order. */
  readonly writesOf: (key: number) => readonly ThreadWrites[]
}

export interface ThreadWrites {
  readonly thread: number
  readonly writes: Int32Array
  /** The place in the thread of each. */
  readonly places: Int32Array
  /** How many came before the place last asked for: the next question is likely to be about a place near it. */
  hint: number
}

/** How many of a thread's writes are among the thread's first `count` operations. */
export function writesAmong(list: ThreadWrites, count: number): number {
  const { places } = list
  let n = list.hint
  for (let steps = 0; steps < NEAR; steps++) {
    if (n < places.length && places[n] < count) n++
    else if (n > 0 && places[n - 1] >= count) n--
    else {
      list.hint = n
      return n
    }
  }
  let low = 0
  let high = places.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (places[middle] < count) low = middle + 1
    else high = middle
  }
  list.hint = low
  return low
}

const NEAR = 6

export type Saturated =
  | { readonly result: 'saturated'; readonly saturation: Saturation }
  | { readonly result: 'conflict'; readonly saturation: Saturation; readonly conflict: Conflict }
  | { readonly result: 'stopped'; readonly reason: 'time' | 'memory' }

/**
 * The order that sequential consistency forces, for operations whose reads-from is certain, to a fixpoint: program order,
 * reads-from, and
 *
 * - a write that precedes a read of another write's value precedes that write ("overwritten before"), and
 * - a write that follows another follows all that read the other's value ("overwritten after").
 *
 * A cycle refutes sequential consistency. The converse does not hold (the problem is NP-complete: Gibbons & Korach 1997).
 *
 * Each operation has a vector: how many operations of each thread precede it. Operations whose vector changed are
 * processed in an order that contains program order and reads-from, the earliest first.
 */
export function saturate(facts: ReadsFrom, budget: Budget): Saturated {
  const { encoded, writerOf } = facts
  const { length, key, writes } = encoded
  const threads = threadsOf(encoded, true)
  const width = threads.count
  const bytes = 4 * length * width + 64 * length
  if (length * width >= 2 ** 30 || !budget.take(bytes)) return { result: 'stopped', reason: 'memory' }
  const vectors = new Int32Array(length * width)
  const { of, place, start, members } = threads
  const edges = createEdges(length)
  const { first: firstReaders, last: lastReaders } = readersByThread(facts, threads)
  const effectBy = encoded.returns.slice()
  for (let i = 0; i < length; i++) {
    const writer = writerOf[i]
    if (writer >= 0 && encoded.returns[i] < effectBy[writer]) effectBy[writer] = encoded.returns[i]
  }
  const byKey = writesByKey(encoded, threads)
  for (let i = 0; i < length; i++) vectors[i * width + of[i]] = place[i] + 1
  // Of each write: its thread's one before, to the same key; -1 where there is none.
  const previousWrite = new Int32Array(length).fill(-1)
  for (let k = 0; k < encoded.keys; k++) {
    for (const list of byKey(k)) {
      for (let n = 1; n < list.writes.length; n++) previousWrite[list.writes[n]] = list.writes[n - 1]
    }
  }

  const order = basisOf(facts, threads)
  const dirty = new Uint8Array(length)
  let dirtyCount = 0
  let lowest = length
  // Changes to vectors since the first assumption: the cell, and what it held.
  const trailCell: number[] = []
  const trailValue: number[] = []
  let recording = false

  const precedes = (a: number, b: number): boolean => vectors[b * width + of[a]] > place[a] && a !== b
  const soil = (operation: number): void => {
    const at = order.place[operation]
    if (dirty[at] === 0) {
      dirty[at] = 1
      dirtyCount++
    }
    if (at < lowest) lowest = at
  }
  /** Everything that precedes a, and a itself, now precedes b. */
  const merge = (a: number, b: number): void => {
    let changed = false
    const from = a * width
    const to = b * width
    for (let t = 0; t < width; t++) {
      if (vectors[from + t] <= vectors[to + t]) continue
      if (recording) {
        trailCell.push(to + t)
        trailValue.push(vectors[to + t])
      }
      vectors[to + t] = vectors[from + t]
      changed = true
    }
    if (changed) soil(b)
  }
  const isCycle = (a: number, b: number): boolean => vectors[a * width + of[b]] > place[b]
  /** `premise` is the write that precedes what the reader, or the write after it, is; see Edge. */
  const addEdge = (
    from: number,
    to: number,
    reason: number,
    premise: number,
    conclusion: number,
    reader: number,
  ): Conflict | undefined => {
    if (from === to || isCycle(from, to)) return { edge: makeEdge(from, to, reason, premise, conclusion, reader) }
    if (precedes(from, to)) return undefined
    edges.push(from, to, reason, premise, conclusion, reader)
    merge(from, to)
    return undefined
  }
  /** Passes on what precedes an operation, and draws the conclusions. */
  const process = (operation: number): Conflict | undefined => {
    const source = writerOf[operation]
    const isWrite = writes[operation] !== NOTHING
    const own = operation * width
    if (source >= INITIAL || isWrite) {
      const lists = byKey(key[operation])
      // What precedes the thread's own last write to the key was dealt with there.
      const ownLast = isWrite ? previousWrite[operation] : -1
      for (let n = 0; n < lists.length; n++) {
        const list = lists[n]
        const { thread } = list
        const count = vectors[own + thread]
        if (count === 0) continue
        const among = writesAmong(list, count)
        if (among === 0) continue
        let last = list.writes[among - 1]
        if (last === operation) {
          if (among === 1) continue
          last = list.writes[among - 2]
        }
        // Most of this is known already: look before making an edge of it.
        if (source === INITIAL) {
          return { edge: { from: operation, to: last, reason: 'overwritten after', reader: operation } }
        }
        if (source >= 0 && last !== source && vectors[source * width + thread] <= place[last]) {
          const conflict = addEdge(last, source, BEFORE, last, operation, operation)
          if (conflict !== undefined) return conflict
        }
        if (!isWrite || (ownLast !== -1 && last !== ownLast && vectors[ownLast * width + thread] > place[last]))
          continue
        for (let r = lastReaders.start[last]; r < lastReaders.start[last + 1]; r++) {
          const reader = lastReaders.items[r]
          if (reader === operation || vectors[own + of[reader]] > place[reader]) continue
          const conflict = addEdge(reader, operation, AFTER, last, operation, reader)
          if (conflict !== undefined) return conflict
        }
      }
    }
    const nextPlace = start[of[operation]] + place[operation] + 1
    if (nextPlace < start[of[operation] + 1]) merge(operation, members[nextPlace])
    for (let r = firstReaders.start[operation]; r < firstReaders.start[operation + 1]; r++) {
      const reader = firstReaders.items[r]
      if (isCycle(operation, reader)) return { edge: { from: operation, to: reader, reason: 'reads from' } }
      merge(operation, reader)
    }
    for (let e = edges.first(operation); e !== -1; e = edges.next(e)) {
      const to = edges.to(e)
      if (isCycle(operation, to)) return { edge: edges.get(e) }
      merge(operation, to)
    }
    return undefined
  }

  /** Nothing is to be done any more, of what is to be done at or after a place in the basis. */
  const clean = (from: number): void => {
    for (let at = from; dirtyCount > 0; at++) {
      dirtyCount -= dirty[at]
      dirty[at] = 0
    }
    lowest = length
  }
  let stopped = false
  const settle = (): Conflict | undefined => {
    let visits = 0
    for (let at = lowest; dirtyCount > 0; at++) {
      if (dirty[at] === 0) continue
      dirty[at] = 0
      dirtyCount--
      lowest = length
      if ((++visits & 0xfff) === 0 && budget.expired()) {
        stopped = true
        return undefined
      }
      const conflict = process(order.basis[at])
      if (conflict !== undefined) {
        clean(Math.min(at, lowest))
        return conflict
      }
      if (lowest <= at) at = lowest - 1
    }
    lowest = length
    return undefined
  }

  const saturation: Saturation = {
    threads,
    encoded,
    writerOf,
    basis: order.basis,
    effectBy,
    precedes,
    before: (a, t) => vectors[a * width + t],
    assume: (from, to) => {
      for (let n = 0; n < to.length; n++) {
        const conflict = addEdge(from, to[n], ASSUMED, -1, -1, -1)
        if (conflict === undefined) continue
        clean(Math.min(lowest, length))
        return conflict
      }
      return settle()
    },
    mark: () => {
      recording = true
      marks.push([trailCell.length, edges.count()])
      return marks.length - 1
    },
    undo: (mark) => {
      const [cells, count] = marks[mark]
      while (trailCell.length > cells) vectors[trailCell.pop() ?? 0] = trailValue.pop() ?? 0
      edges.cut(count)
      marks.length = mark
    },
    commit: () => {
      trailCell.length = 0
      trailValue.length = 0
      marks.length = 0
      recording = false
    },
    stopped: () => stopped,
    release: () => budget.giveBack(bytes),
    readersOf: (write) => firstReaders.items.subarray(firstReaders.start[write], firstReaders.start[write + 1]),
    isRead: (write) => firstReaders.start[write] < firstReaders.start[write + 1],
    listEdges: () => Array.from({ length: edges.count() }, (_, e) => edges.get(e)),
    writesOf: byKey,
  }
  const marks: [cells: number, edges: number][] = []

  for (const { from, to, reason, reader } of baseEdges(facts, threads, byKey)) {
    const conflict = addEdge(from, to, reason === 'process order' ? PROCESS : AFTER, -1, -1, reader ?? -1)
    if (conflict !== undefined) return { result: 'conflict', saturation, conflict }
  }
  for (let i = 0; i < length; i++) soil(i)
  const conflict = settle()
  if (stopped) {
    saturation.release()
    return { result: 'stopped', reason: 'time' }
  }
  return conflict === undefined ? { result: 'saturated', saturation } : { result: 'conflict', saturation, conflict }
}

const reasons = ['process order', 'overwritten after', 'overwritten before', 'assumed'] as const
const PROCESS = 0
const AFTER = 1
const BEFORE = 2
const ASSUMED = 3

const makeEdge = (
  from: number,
  to: number,
  reason: number,
  premise: number,
  conclusion: number,
  reader: number,
): Edge => ({
  from,
  to,
  reason: reasons[reason] ?? 'assumed',
  premise: premise === -1 ? undefined : [premise, conclusion],
  reader: reader === -1 ? undefined : reader,
})

interface Edges {
  readonly push: (from: number, to: number, reason: number, premise: number, conclusion: number, reader: number) => void
  /** Takes the newest away until `count` are left. */
  readonly cut: (count: number) => void
  readonly count: () => number
  /** The edges that leave an operation: the newest, and of an edge the one before; -1 where there is none. */
  readonly first: (operation: number) => number
  readonly next: (edge: number) => number
  readonly to: (edge: number) => number
  readonly get: (edge: number) => Edge
}

/** Edges in columns: there are as many as operations, and more. */
function createEdges(length: number): Edges {
  const head = new Int32Array(length).fill(-1)
  let cells = new Int32Array(EDGE_CELLS * 1024)
  let used = 0
  const get = (edge: number): Edge => {
    const [from, to, , reason, premise, conclusion, reader] = cells.subarray(edge * EDGE_CELLS, (edge + 1) * EDGE_CELLS)
    return makeEdge(from, to, reason, premise, conclusion, reader)
  }
  return {
    push: (from, to, reason, premise, conclusion, reader) => {
      const at = used * EDGE_CELLS
      if (at === cells.length) {
        const larger = new Int32Array(2 * cells.length)
        larger.set(cells)
        cells = larger
      }
      cells[at] = from
      cells[at + 1] = to
      cells[at + 2] = head[from]
      cells[at + 3] = reason
      cells[at + 4] = premise
      cells[at + 5] = conclusion
      cells[at + 6] = reader
      head[from] = used++
    },
    cut: (count) => {
      while (used > count) {
        used--
        head[cells[used * EDGE_CELLS]] = cells[used * EDGE_CELLS + 2]
      }
    },
    count: () => used,
    first: (operation) => head[operation],
    next: (edge) => cells[edge * EDGE_CELLS + 2],
    to: (edge) => cells[edge * EDGE_CELLS + 1],
    get,
  }
}

const EDGE_CELLS = 7

/** Items of each operation, in one row: those of i are items[start[i]] … items[start[i + 1] - 1]. */
interface Lists {
  readonly start: Int32Array
  readonly items: Int32Array
}

/** Of each write: in each thread the first operation that read it, from which others follow by program order, and the last. */
function readersByThread(
  { encoded, writerOf }: ReadsFrom,
  { of, members }: Threads,
): { readonly first: Lists; readonly last: Lists } {
  const { length } = encoded
  const lastThread = new Int32Array(length).fill(-1)
  const start = new Int32Array(length + 1)
  // Thread by thread, so that a write's readers of one thread come in a row.
  for (let m = 0; m < length; m++) {
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

/** Orders known at the start: into operations of unknown outcome, and from reads of the initial value to all writes. */
function baseEdges(facts: ReadsFrom, threads: Threads, writesOf: (key: number) => readonly ThreadWrites[]): Edge[] {
  const { encoded, writerOf } = facts
  const edges: Edge[] = []
  for (let i = 0; i < encoded.length; i++) {
    if (threads.after[i] !== -1) edges.push({ from: threads.after[i], to: i, reason: 'process order' })
    if (writerOf[i] !== INITIAL) continue
    for (const { thread, writes } of writesOf(encoded.key[i])) {
      const first = writes[0]
      if (first === i) continue
      // Its own thread's first write, if it comes before the read, is found to be a contradiction when the read is processed.
      if (thread === threads.of[i] && threads.place[first] < threads.place[i]) continue
      edges.push({ from: i, to: first, reason: 'overwritten after', reader: i })
    }
  }
  return edges
}

function writesByKey(encoded: Encoded, { of, place, members }: Threads): (key: number) => readonly ThreadWrites[] {
  const found: { readonly thread: number; readonly writes: number[] }[][] = []
  // Thread by thread, so that a list being extended is always the last one of its key.
  for (const i of members) {
    if (encoded.writes[i] === NOTHING) continue
    found[encoded.key[i]] ??= []
    const lists = found[encoded.key[i]]
    const last = lists[lists.length - 1]
    if (last !== undefined && last.thread === of[i]) last.writes.push(i)
    else lists.push({ thread: of[i], writes: [i] })
  }
  const packed = found.map((lists) =>
    lists.map(({ thread, writes }): ThreadWrites => {
      const ops = Int32Array.from(writes)
      return { thread, writes: ops, places: ops.map((i) => place[i]), hint: 0 }
    }),
  )
  return (key) => packed[key] ?? NO_WRITES
}

const NO_WRITES: readonly ThreadWrites[] = []

/**
 * An order that contains program order and reads-from, and follows the times of the calls where it can. Where there is a
 * cycle among those the order is by call alone: saturation will meet the cycle in any case.
 */
function basisOf(facts: ReadsFrom, threads: Threads): { basis: Int32Array; place: Int32Array } {
  const { encoded, writerOf } = facts
  const { length } = encoded
  const { of, place: placeOf, start, members, after } = threads
  const basis = new Int32Array(length)
  const place = new Int32Array(length).fill(-1)
  let count = 0
  // Depth first from each operation in order of call: what it needs comes first.
  const stack: number[] = []
  const entered = new Uint8Array(length)
  for (let i = 0; i < length; i++) {
    stack.push(i)
    while (stack.length > 0) {
      const top = stack[stack.length - 1]
      if (place[top] !== -1) {
        stack.pop()
        continue
      }
      const previous = placeOf[top] > 0 ? members[start[of[top]] + placeOf[top] - 1] : after[top]
      const needs = [previous, writerOf[top]].filter((need) => need >= 0 && place[need] === -1)
      if (entered[top] === 0 && needs.length > 0) {
        entered[top] = 1
        for (const need of needs) if (entered[need] === 0) stack.push(need)
        continue
      }
      place[top] = count
      basis[count++] = top
      stack.pop()
    }
  }
  return { basis, place }
}
