import { NEVER } from '../../encoding/encoded.ts'
import { createHeap } from '../../search/heap.ts'
import { EdgeList, type Edges, NO_KEY, SO, WR, WW } from '../graph/edges.ts'
import { type Graph, graphOf } from '../graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../graph/real-time.ts'
import type { TransactionRecord } from '../record/record.ts'
import { INITIAL, type KeyFacts, type Rows, rowsBy } from './sources.ts'

/** The rules that an order must keep in addition to the edges. */
export interface Rules {
  /** Whether a transaction has two points, its snapshot and its commit, instead of one. */
  readonly hasSnapshots: boolean
  /** Whether a read counts only if its transaction also writes the key. */
  readonly onlyUpdates: boolean
  /** Whether writers of one key must not overlap between snapshot and commit. */
  readonly noConflicts: boolean
  /**
   * Whether a transaction sees another one only if edges lead from the other to it (see `ParallelOrders`). Otherwise,
   * it sees all transactions that precede it in the order.
   */
  readonly isParallel: boolean
}

/**
 * The problem of finding a total order of points that contains all edges. No other transaction may write the key
 * between the source of a read and the reader.
 */
export interface OrderProblem {
  readonly facts: KeyFacts
  readonly rules: Rules
  /**
   * The number of nodes. Without snapshots, node t represents transaction t. With snapshots, node t represents the
   * snapshot of transaction t, and node `commitOf(t)` represents its commit. The last nodes represent moments of real
   * time (see `addRealTime`).
   */
  readonly nodes: number
  readonly transactions: number
  readonly graph: Graph
  /**
   * By node: the event position at which its transaction completed; for a snapshot, the position at which it was
   * invoked.
   */
  readonly rank: Int32Array
}

export const commitOf = ({ rules, transactions }: OrderProblem, t: number): number =>
  rules.hasSnapshots ? transactions + t : t

/** Reports whether a node is a point of a transaction, and not a moment of real time (see `addRealTime`). */
export const isPoint = ({ rules, transactions }: OrderProblem, node: number): boolean =>
  node < (rules.hasSnapshots ? 2 * transactions : transactions)

export type Ordering = 'none' | 'sessions' | 'real time'

export function problemOf(
  record: TransactionRecord,
  facts: KeyFacts,
  counts: Uint8Array,
  rules: Rules,
  ordering: Ordering,
  granted: Edges,
): OrderProblem {
  const { length } = record
  const points = rules.hasSnapshots ? 2 * length : length
  const single = readsFrom(record, facts)
  addGranted(single, granted)
  if (ordering !== 'none') addSessions(single, record, counts)
  const events = eventsOf(record, counts)
  const moments = ordering === 'real time' ? addRealTime(single, events, length) : 0
  const edges = rules.hasSnapshots ? split(single, length) : single
  const nodes = points + moments
  return {
    ...{ facts, rules, nodes, transactions: length },
    graph: graphOf(edges, nodes),
    rank: ranksOf(record, nodes, rules.hasSnapshots),
  }
}

/** Returns the edges from each writer to its readers. */
export function readsFrom({ length }: TransactionRecord, { keys, readStarts, reader, source }: KeyFacts): EdgeList {
  const edges = new EdgeList(reader.length + length)
  for (let k = 0; k < keys; k++)
    for (let at = readStarts[k]; at < readStarts[k + 1]; at++)
      if (source[at] >= 0) edges.add(source[at], reader[at], WR, k)
  return edges
}

export function addGranted(edges: EdgeList, { length, from, to, kind, key }: Edges): void {
  for (let e = 0; e < length; e++) if (kind[e] === WW) edges.add(from[e], to[e], WW, key[e])
}

/**
 * Splits each transaction into a snapshot and a commit after it. Edges between versions (ww) lead from commit to
 * commit, all others from a commit to a snapshot.
 */
function split(single: EdgeList, length: number): EdgeList {
  const edges = new EdgeList(single.length + length)
  for (let t = 0; t < length; t++) edges.add(t, length + t, SO, NO_KEY)
  for (let e = 0; e < single.length; e++) {
    // In `single`, the numbers from `length` on are moments of real time (see `addRealTime`). In `edges`, the next
    // `length` numbers are the commits, and the moments follow the commits. So `length` is added to the number of each
    // moment.
    const to = single.to[e]
    const isSnapshot = to < length && single.kind[e] !== WW
    edges.add(length + single.from[e], isSnapshot ? to : length + to, SO, NO_KEY)
  }
  return edges
}

function ranksOf({ length, invoked, completed }: TransactionRecord, nodes: number, hasSnapshots: boolean): Int32Array {
  const rank = new Int32Array(nodes)
  // A transaction without a known end is assumed to take effect soon after its invocation.
  for (let t = 0; t < length; t++) {
    const end = completed[t] < NEVER ? completed[t] : invoked[t] + 1
    rank[t] = hasSnapshots ? invoked[t] : end
    if (hasSnapshots) rank[length + t] = end
  }
  return rank
}

/**
 * Returns an order of all nodes that contains the edges and keeps most of the problem's `rules`. Places the nodes one
 * by one: of the nodes whose predecessors are all placed, the next is the node with the lowest `rank`. A node waits
 * while it would overwrite a version whose readers are not all placed, or read a version that is not the newest of its
 * key. A node that waits for longer than `PATIENCE` is placed regardless. Returns undefined if the edges have a cycle.
 */
export function greedyOrder(problem: OrderProblem): Int32Array | undefined {
  const { nodes, graph, rank } = problem
  const state = new KeyStates(problem)
  const waitsFor = new Int32Array(nodes)
  for (const node of graph.to) waitsFor[node]++
  const byRank = (a: number, b: number): number => rank[a] - rank[b] || a - b
  const ready = createHeap(byRank)
  /**
   * Nodes that were ready but could not be placed because of the state of a key (see `keptBackBy`). Some of these nodes
   * may have become ready again.
   */
  const parked = createHeap(byRank)
  const isParked = new Uint8Array(nodes)
  const waiting: (number[] | undefined)[] = []
  for (let node = 0; node < nodes; node++) if (waitsFor[node] === 0) ready.push(node)
  const order = new Int32Array(nodes)
  const isPlaced = new Uint8Array(nodes)
  let placed = 0
  const place = (node: number): void => {
    isPlaced[node] = 1
    order[placed++] = node
    for (let e = graph.starts[node]; e < graph.starts[node + 1]; e++)
      if (--waitsFor[graph.to[e]] === 0) ready.push(graph.to[e])
    for (const k of state.place(node)) {
      for (const other of waiting[k] ?? []) {
        isParked[other] = 0
        ready.push(other)
      }
      waiting[k] = []
    }
  }
  for (;;) {
    let old = parked.peek()
    for (; old !== undefined && (isPlaced[old] === 1 || isParked[old] === 0); old = parked.peek()) parked.pop()
    const next = ready.peek()
    if (next === undefined && old === undefined) break
    if (next === undefined || (old !== undefined && rank[next] > rank[old] + PATIENCE)) {
      parked.pop()
      if (old !== undefined) place(old)
      continue
    }
    ready.pop()
    if (isPlaced[next] === 1) continue
    const key = state.keptBackBy(next)
    if (key < 0) place(next)
    else {
      isParked[next] = 1
      parked.push(next)
      const others = waiting[key]
      if (others === undefined) waiting[key] = [next]
      else others.push(next)
    }
  }
  return placed === nodes ? order : undefined
}

/**
 * The longest wait of a node, in event positions. A node waits while its placement would break a rule (see
 * `keptBackBy`). If the rank of the next ready node exceeds the rank of the waiting node by more than this number, the
 * waiting node is placed, even though this breaks the rule.
 */
const PATIENCE = 1_000

class KeyStates {
  readonly #problem: OrderProblem
  readonly #newest: Int32Array
  /** By key: the number of its writers between snapshot and commit. */
  readonly #writing: Int32Array
  /**
   * By version: the number of its readers that are not placed yet. First come the versions that transactions wrote, in
   * the order of `facts.writer`. Then comes one version per key: the initial value.
   */
  readonly #left: Int32Array
  readonly #reads: Rows
  readonly #writes: Rows
  readonly #sourceRow: Int32Array
  /** By key: the row of its newest version in `#left`. */
  readonly #newestRow: Int32Array

  constructor(problem: OrderProblem) {
    const { facts, rules, transactions } = problem
    this.#problem = problem
    this.#newest = new Int32Array(facts.keys).fill(INITIAL)
    this.#writing = new Int32Array(facts.keys)
    this.#left = new Int32Array(facts.writer.length + facts.keys)
    this.#reads = rowsBy(facts.readStarts, facts.reader, transactions)
    this.#writes = rowsBy(facts.writerStarts, facts.writer, transactions)
    this.#newestRow = Int32Array.from({ length: facts.keys }, (_, k) => facts.writer.length + k)
    this.#sourceRow = new Int32Array(facts.reader.length)
    const rowOf = new Int32Array(transactions)
    for (let k = 0; k < facts.keys; k++) {
      for (let at = facts.writerStarts[k]; at < facts.writerStarts[k + 1]; at++) rowOf[facts.writer[at]] = at
      for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
        const row = facts.source[at] === INITIAL ? facts.writer.length + k : rowOf[facts.source[at]]
        this.#sourceRow[at] = row
        if (!rules.onlyUpdates || facts.isUpdate[at] === 1) this.#left[row]++
      }
    }
  }

  /** Returns the key that holds a node back, or -1. */
  keptBackBy(node: number): number {
    const { facts, rules, transactions } = this.#problem
    if (!isPoint(this.#problem, node)) return -1
    const t = node % transactions
    if (node < transactions)
      for (const at of this.#reads.of(t))
        if (this.#counts(at) && facts.source[at] !== this.#newest[this.#reads.key[at]]) return this.#reads.key[at]
    for (const at of this.#writes.of(t)) {
      const k = this.#writes.key[at]
      if (node < transactions && rules.noConflicts && this.#writing[k] > 0) return k
      if (node !== commitOf(this.#problem, t)) continue
      let own = 0
      if (!rules.hasSnapshots)
        for (const read of this.#reads.of(t))
          if (this.#sourceRow[read] === this.#newestRow[k] && this.#counts(read)) own++
      if (this.#left[this.#newestRow[k]] > own) return k
    }
    return -1
  }

  place(node: number): readonly number[] {
    const { rules, transactions } = this.#problem
    if (!isPoint(this.#problem, node)) return []
    const t = node % transactions
    const changed: number[] = []
    if (node < transactions)
      for (const at of this.#reads.of(t))
        if (this.#counts(at) && --this.#left[this.#sourceRow[at]] === 0) changed.push(this.#reads.key[at])
    for (const at of this.#writes.of(t)) {
      const k = this.#writes.key[at]
      if (node < transactions && rules.hasSnapshots) this.#writing[k]++
      if (node !== commitOf(this.#problem, t)) continue
      if (rules.hasSnapshots) this.#writing[k]--
      this.#newest[k] = t
      this.#newestRow[k] = at
      changed.push(k)
    }
    return changed
  }

  #counts(read: number): boolean {
    const { facts, rules } = this.#problem
    return !rules.onlyUpdates || facts.isUpdate[read] === 1
  }
}
