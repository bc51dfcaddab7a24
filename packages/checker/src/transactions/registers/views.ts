import { addTo } from '../../encoding/lists.ts'
import { depthFirst } from '../../graph/walks.ts'
import type { Budget } from '../../limits/budget.ts'
import { firstWhere } from '../../search/halving.ts'
import { type EdgeList, EVERY_KIND, WW } from '../graph/edges.ts'
import { edgesBy, type Graph, reversed } from '../graph/graph.ts'
import { READ, type TransactionRecord, WRITE } from '../record/record.ts'
import type { Ordering } from './problem.ts'
import { INITIAL, type KeyFacts, NOBODY, type Sources } from './sources.ts'

/** A read of the initial value after a write of the key was visible. No order explains such a read. */
export interface TooOld {
  readonly reader: number
  readonly writer: number
}

/**
 * Collects the orders that follow from visibility: a writer that is visible to a read precedes the source of the read.
 */
export class Views {
  readonly #edges: EdgeList
  /** The reader that shows that a writer precedes the source of a read, by writer and source (see `pairOf`). */
  readonly readers = new Map<number, number>()
  tooOld: TooOld | undefined

  constructor(edges: EdgeList) {
    this.#edges = edges
  }

  sees(reader: number, writer: number, source: number, key: number): void {
    if (source === INITIAL) {
      this.tooOld ??= { reader, writer }
      return
    }
    const pair = pairOf(writer, source)
    if (writer === source || this.readers.has(pair)) return
    this.readers.set(pair, reader)
    this.#edges.add(writer, source, WW, key)
  }

  readerOf(writer: number, source: number): number | undefined {
    return this.readers.get(pairOf(writer, source))
  }
}

const pairOf = (writer: number, source: number): number => writer * 2 ** 26 + source

/**
 * Adds the orders of monotonic atomic view: after a transaction reads from a writer, its later reads show nothing older
 * than that writer's writes. If several reads have the same source, each of them can add orders, because the
 * transaction may have read from other writers in between.
 */
export function addMonotonicViews(record: TransactionRecord, { counts, source, isLast }: Sources, views: Views): void {
  const { length, starts, kind, key } = record
  const seen: number[] = []
  /** By key: the writers that transaction `stamp[key]` has seen so far. */
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

type See = (writer: number) => void

/**
 * Adds the orders of read atomic. A transaction sees the sources of its reads. Depending on `ordering`, it also sees
 * the earlier transactions of its session, or all transactions that ended before it began. If a transaction reads a
 * key, every transaction that it sees and that wrote this key precedes the source of the read.
 */
export function addAtomicViews(record: TransactionRecord, facts: KeyFacts, ordering: Ordering, views: Views): void {
  const sources = sourcesOf(facts)
  const writes = new Int32Array(record.length).fill(-1)
  for (let k = 0; k < facts.keys; k++) {
    if (facts.readStarts[k] === facts.readStarts[k + 1]) continue
    for (let at = facts.writerStarts[k]; at < facts.writerStarts[k + 1]; at++) writes[facts.writer[at]] = k
    const others =
      ordering === 'none'
        ? undefined
        : ordering === 'sessions'
          ? writersInSession(facts, record, k)
          : writersEnded(facts, record, k)
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      const [reader, from] = [facts.reader[at], facts.source[at]]
      const see: See = (writer) => {
        if (writer !== from && writer !== reader) views.sees(reader, writer, from, k)
      }
      for (const other of sources.get(reader) ?? []) if (writes[other] === k) see(other)
      others?.(reader, see)
    }
  }
}

function sourcesOf({ reader, source }: KeyFacts): ReadonlyMap<number, readonly number[]> {
  const sources = new Map<number, number[]>()
  for (let at = 0; at < reader.length; at++) if (source[at] !== INITIAL) addTo(sources, reader[at], source[at])
  return sources
}

/**
 * Visits the last writer of the reader's session that completed before the reader began. All earlier writers of the
 * session precede that writer, so they are not visited.
 */
function writersInSession(facts: KeyFacts, { session, invoked, completed }: TransactionRecord, k: number) {
  const bySession = new Map<number, number[]>()
  for (let at = facts.writerStarts[k]; at < facts.writerStarts[k + 1]; at++) {
    const writer = facts.writer[at]
    if (session[writer] < 0) continue
    addTo(bySession, session[writer], writer)
  }
  return (reader: number, see: See): void => {
    const all = bySession.get(session[reader]) ?? []
    const end = firstWhere(0, all.length, (at) => completed[all[at] as number] >= invoked[reader])
    const last = all[end - 1]
    if (last !== undefined) see(last)
  }
}

/**
 * Visits the latest writers that ended before a reader began. Omits a writer that ended before another of them began.
 */
function writersEnded(facts: KeyFacts, { invoked, completed }: TransactionRecord, k: number) {
  const all = facts.writer
    .slice(facts.writerStarts[k], facts.writerStarts[k + 1])
    .sort((a, b) => completed[a] - completed[b])
  const latest = new Int32Array(all.length)
  for (let at = 0; at < all.length; at++) latest[at] = Math.max(invoked[all[at]], at === 0 ? -1 : latest[at - 1])
  return (reader: number, see: See): void => {
    const end = firstWhere(0, all.length, (at) => completed[all[at]] >= invoked[reader])
    for (let at = end - 1; at >= 0 && completed[all[at]] >= latest[end - 1]; at--) see(all[at])
  }
}

/**
 * Adds the orders of causal consistency. A transaction sees nothing older than the writes in its past. If a writer of a
 * key is in the past of a reader, it therefore precedes the source of the read. For each key, collects the writers in
 * the past of each transaction, but only between the key's first writer and last reader. Takes linear time if each key
 * is used only for a short time, and at worst transactions × writes / 32.
 *
 * @param past an acyclic graph whose edges make one transaction visible to another
 */
export function addCausalViews(facts: KeyFacts, past: Graph, views: Views, budget: Budget): void {
  const backward = reversed(past)
  const order = nearInvocation(past, backward)
  const position = new Int32Array(past.nodes)
  for (let at = 0; at < order.length; at++) position[order[at]] = at
  for (let k = 0; k < facts.keys; k++) {
    const writers = facts.writer.subarray(facts.writerStarts[k], facts.writerStarts[k + 1])
    let last = -1
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++)
      last = Math.max(last, position[facts.reader[at]])
    if (writers.length === 0 || last < 0) continue
    const first = writers.reduce((least, writer) => Math.min(least, position[writer]), past.nodes)
    if (first >= last) continue
    const { words, sets } = pastWriters(writers, { backward, order, position, first, last })
    budget.look((last - first) * words)
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      const [reader, source] = [facts.reader[at], facts.source[at]]
      const place = position[reader] - first
      if (place < 0) continue
      const known = source === INITIAL ? -1 : position[source] - first
      for (let word = 0; word < words; word++) {
        let bits = sets[place * words + word]
        if (known >= 0) bits &= ~sets[known * words + word]
        for (; bits !== 0; bits &= bits - 1) {
          const writer = writers[word * 32 + 31 - Math.clz32(bits & -bits)]
          if (writer !== source && writer !== reader) views.sees(reader, writer, source, k)
        }
      }
    }
  }
}

interface Window {
  readonly backward: Graph
  readonly order: Int32Array
  readonly position: Int32Array
  readonly first: number
  readonly last: number
}

/** Returns the writers in the past of each node of the window, as one set of bits per position. */
function pastWriters(writers: Int32Array, { backward, order, position, first, last }: Window) {
  const words = (writers.length + 31) >> 5
  const sets = new Int32Array((last - first + 1) * words)
  /** By position: if a writer has this position, the writer's index in `writers` plus 1; otherwise 0. */
  const own = new Int32Array(last - first + 1)
  writers.forEach((writer, i) => {
    if (position[writer] <= last) own[position[writer] - first] = i + 1
  })
  for (let place = 0; place <= last - first; place++) {
    const node = order[first + place]
    for (let e = backward.starts[node]; e < backward.starts[node + 1]; e++) {
      const before = position[backward.to[e]] - first
      if (before < 0) continue
      for (let word = 0; word < words; word++) sets[place * words + word] |= sets[before * words + word]
      const writer = own[before] - 1
      if (writer >= 0) sets[place * words + (writer >> 5)] |= 1 << (writer & 31)
    }
  }
  return { words, sets }
}

/**
 * Returns the nodes in topological order. Where the edges allow several orders, prefers the order of node numbers,
 * because transactions are numbered by time.
 */
function nearInvocation({ nodes }: Graph, backward: Graph): Int32Array {
  const ordered = depthFirst(nodes, edgesBy(backward, EVERY_KIND))
  if ('cycle' in ordered)
    throw new Error('the known orders of transactions form a cycle, although an earlier step refuses cycles')
  return ordered.order
}
