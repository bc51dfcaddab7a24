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
  /** Adds an order and everything that follows from it. */
  readonly assume: (from: number, to: number) => Conflict | undefined
  readonly mark: () => number
  readonly undo: (mark: number) => void
  /** Whether the deadline passed while drawing conclusions: then what is known is true but not complete. */
  readonly stopped: () => boolean
  readonly release: () => void
  /** Of each thread that read the write, the first operation that did. */
  readonly readersOf: (write: number) => readonly number[]
  /** All edges beyond program order and reads-from, oldest first. */
  readonly edges: readonly Edge[]
  /** The edges that leave an operation, as numbers in `edges`. */
  readonly edgesOf: (operation: number) => readonly number[]
  /** For each thread that writes to the key: the thread, and its writes in order. */
  readonly writesOf: (key: number) => readonly ThreadWrites[]
}

export interface ThreadWrites {
  readonly thread: number
  readonly writes: readonly number[]
}

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
  const threads = threadsOf(encoded)
  const width = threads.count
  const bytes = 4 * length * width + 64 * length
  if (length * width >= 2 ** 30 || !budget.take(bytes)) return { result: 'stopped', reason: 'memory' }
  const vectors = new Int32Array(length * width)
  const { of, place, start, members } = threads
  const edges: Edge[] = []
  const edgesFrom: number[][] = Array.from({ length }, () => NO_EDGES)
  // Of each write: in each thread the first operation that read it, from which others follow by program order, and the last.
  const firstReaders: number[][] = Array.from({ length }, () => NO_EDGES)
  const lastReaders: number[][] = Array.from({ length }, () => NO_EDGES)
  const effectBy = encoded.returns.slice()
  for (let i = 0; i < length; i++) {
    const writer = writerOf[i]
    if (writer < 0) continue
    if (encoded.returns[i] < effectBy[writer]) effectBy[writer] = encoded.returns[i]
    if (firstReaders[writer] === NO_EDGES) {
      firstReaders[writer] = []
      lastReaders[writer] = []
    }
    const known = lastReaders[writer].findIndex((reader) => of[reader] === of[i])
    if (known === -1) {
      firstReaders[writer].push(i)
      lastReaders[writer].push(i)
    } else lastReaders[writer][known] = i
  }
  const byKey = writesByKey(encoded, threads)
  for (let i = 0; i < length; i++) vectors[i * width + of[i]] = place[i] + 1

  const order = basisOf(facts, threads)
  const dirty = new Uint8Array(length)
  let lowest = length
  // Changes to vectors since the first assumption: the cell, and what it held.
  const trailCell: number[] = []
  const trailValue: number[] = []
  let recording = false

  const precedes = (a: number, b: number): boolean => vectors[b * width + of[a]] > place[a] && a !== b
  const soil = (operation: number): void => {
    const at = order.place[operation]
    dirty[at] = 1
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
  const addEdge = (edge: Edge): Conflict | undefined => {
    const { from, to } = edge
    if (from === to || isCycle(from, to)) return { edge }
    if (precedes(from, to)) return undefined
    if (edgesFrom[from] === NO_EDGES) edgesFrom[from] = []
    edgesFrom[from].push(edges.length)
    edges.push(edge)
    merge(from, to)
    return undefined
  }
  /** The last write to the key in a thread among its first `count` operations; -1 where there is none. */
  const lastWrite = (list: readonly number[], count: number): number => {
    let low = 0
    let high = list.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (place[list[middle]] < count) low = middle + 1
      else high = middle
    }
    return low === 0 ? -1 : list[low - 1]
  }

  /** Passes on what precedes an operation, and draws the conclusions. */
  const process = (operation: number): Conflict | undefined => {
    const k = key[operation]
    const source = writerOf[operation]
    const isWrite = writes[operation] !== NOTHING
    if (source >= INITIAL || isWrite) {
      for (const { thread, writes: list } of byKey(k)) {
        const count = vectors[operation * width + thread]
        let last = lastWrite(list, count)
        if (last === operation) last = place[operation] === 0 ? -1 : lastWrite(list, place[operation])
        if (last === -1) continue
        // Most of this is known already: look before making an edge of it.
        if (source >= INITIAL && last !== source && (source === INITIAL || !precedes(last, source))) {
          const conflict =
            source === INITIAL
              ? { edge: { from: operation, to: last, reason: 'overwritten after' as const, reader: operation } }
              : addEdge({
                  from: last,
                  to: source,
                  reason: 'overwritten before',
                  premise: [last, operation],
                  reader: operation,
                })
          if (conflict !== undefined) return conflict
        }
        if (isWrite) {
          for (const reader of lastReaders[last]) {
            if (reader === operation || precedes(reader, operation)) continue
            const conflict = addEdge({
              from: reader,
              to: operation,
              reason: 'overwritten after',
              premise: [last, operation],
              reader,
            })
            if (conflict !== undefined) return conflict
          }
        }
      }
    }
    const nextPlace = start[of[operation]] + place[operation] + 1
    if (nextPlace < start[of[operation] + 1]) merge(operation, members[nextPlace])
    for (const reader of firstReaders[operation]) {
      if (isCycle(operation, reader)) return { edge: { from: operation, to: reader, reason: 'reads from' } }
      merge(operation, reader)
    }
    for (const e of edgesFrom[operation]) {
      const edge = edges[e]
      if (isCycle(operation, edge.to)) return { edge }
      merge(operation, edge.to)
    }
    return undefined
  }

  let stopped = false
  const settle = (): Conflict | undefined => {
    let visits = 0
    for (let at = lowest; at < length; at++) {
      if (dirty[at] === 0) continue
      dirty[at] = 0
      lowest = length
      if ((++visits & 0xfff) === 0 && budget.expired()) {
        stopped = true
        return undefined
      }
      const conflict = process(order.basis[at])
      if (conflict !== undefined) {
        dirty.fill(0)
        lowest = length
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
    assume: (from, to) => addEdge({ from, to, reason: 'assumed' }) ?? settle(),
    mark: () => {
      recording = true
      marks.push([trailCell.length, edges.length])
      return marks.length - 1
    },
    undo: (mark) => {
      const [cells, count] = marks[mark]
      while (trailCell.length > cells) vectors[trailCell.pop() ?? 0] = trailValue.pop() ?? 0
      while (edges.length > count) {
        const edge = edges.pop()
        if (edge !== undefined) edgesFrom[edge.from].pop()
      }
      marks.length = mark
    },
    stopped: () => stopped,
    release: () => budget.giveBack(bytes),
    readersOf: (write) => firstReaders[write],
    edges,
    edgesOf: (operation) => edgesFrom[operation],
    writesOf: byKey,
  }
  const marks: [cells: number, edges: number][] = []

  const base = baseEdges(facts, threads, byKey)
  for (const edge of base) {
    const conflict = addEdge(edge)
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

const NO_EDGES: number[] = []

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

function writesByKey(encoded: Encoded, threads: Threads): (key: number) => readonly ThreadWrites[] {
  const byKey = new Map<number, Map<number, number[]>>()
  for (let t = 0; t < threads.count; t++) {
    for (let m = threads.start[t]; m < threads.start[t + 1]; m++) {
      const i = threads.members[m]
      if (encoded.writes[i] === NOTHING) continue
      let ofKey = byKey.get(encoded.key[i])
      if (ofKey === undefined) {
        ofKey = new Map()
        byKey.set(encoded.key[i], ofKey)
      }
      const list = ofKey.get(t)
      if (list === undefined) ofKey.set(t, [i])
      else list.push(i)
    }
  }
  const lists = new Map(
    [...byKey].map(([key, ofKey]) => [key, [...ofKey].map(([thread, writes]) => ({ thread, writes }))]),
  )
  return (key) => lists.get(key) ?? []
}

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
