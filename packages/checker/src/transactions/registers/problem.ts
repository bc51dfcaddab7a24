import { NEVER } from '../../encoding/encoded.ts'
import { EdgeList, type Edges, NO_KEY, SO, WR, WW } from '../graph/edges.ts'
import { type Graph, graphOf } from '../graph/graph.ts'
import { addRealTime, addSessions, eventsOf } from '../graph/real-time.ts'
import type { TransactionRecord } from '../record/record.ts'
import type { KeyFacts } from './key-facts.ts'

/** What an order has to keep besides the edges. */
export interface Rules {
  /** A transaction has two points, its snapshot and its commit, or one. */
  readonly hasSnapshots: boolean
  /** Reads count only where the reader writes the key as well. */
  readonly onlyUpdates: boolean
  /** No two writers of a key are both between snapshot and commit. */
  readonly noConflicts: boolean
  /** Only what edges imply counts as seen (see `ParallelOrders`). */
  readonly isParallel: boolean
}

/**
 * A total order of points is wanted that contains all edges, in which nobody writes a key between a read's source and
 * its reader.
 */
export interface OrderProblem {
  readonly facts: KeyFacts
  readonly rules: Rules
  /** Points: snapshot or only point of t is t, its commit is commitOf(t); nodes after them stand for moments. */
  readonly nodes: number
  readonly transactions: number
  readonly graph: Graph
  /** By node: where it would be if transactions took effect in the order of their completions. */
  readonly rank: Int32Array
}

export const commitOf = ({ rules, transactions }: OrderProblem, t: number): number =>
  rules.hasSnapshots ? transactions + t : t

/** Which orders count besides those that sources imply. */
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
  const single = new EdgeList(facts.reader.length + length)
  for (let k = 0; k < facts.keys; k++)
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++)
      if (facts.source[at] >= 0) single.add(facts.source[at], facts.reader[at], WR, k)
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

/** Orders of versions that are taken for granted. */
export function addGranted(edges: EdgeList, { length, from, to, kind, key }: Edges): void {
  for (let e = 0; e < length; e++) if (kind[e] === WW) edges.add(from[e], to[e], WW, key[e])
}

/** From commits to snapshots, of versions from commits to commits, and from each snapshot to its commit. */
function split(single: EdgeList, length: number): EdgeList {
  const edges = new EdgeList(single.length + length)
  for (let t = 0; t < length; t++) edges.add(t, length + t, SO, NO_KEY)
  for (let e = 0; e < single.length; e++) {
    // Moments come after all points, so that they move by as much as commits.
    const to = single.to[e]
    const isSnapshot = to < length && single.kind[e] !== WW
    edges.add(length + single.from[e], isSnapshot ? to : length + to, SO, NO_KEY)
  }
  return edges
}

function ranksOf({ length, invoked, completed }: TransactionRecord, nodes: number, hasSnapshots: boolean): Int32Array {
  const rank = new Int32Array(nodes)
  // One whose end is unknown is most likely to have taken effect soon.
  for (let t = 0; t < length; t++) {
    const end = completed[t] < NEVER ? completed[t] : invoked[t] + 1
    rank[t] = hasSnapshots ? invoked[t] : end
    if (hasSnapshots) rank[length + t] = end
  }
  return rank
}
