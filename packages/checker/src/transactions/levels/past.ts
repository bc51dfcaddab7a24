import { depthFirst } from '../../graph/walks.ts'
import type { Budget } from '../../limits/budget.ts'
import { LINK, maskOf, NO_KEY, RW, WR, WW } from '../graph/edges.ts'
import { edgesBy, type Graph, reversed } from '../graph/graph.ts'
import { READ } from '../record/record.ts'
import { INITIAL } from '../record/versions.ts'
import { MET, type Outcome, type Situation, VIOLATED } from './situation.ts'
import { keyBetween } from './views.ts'

/**
 * Returns the position of each node of `core` in an order that contains the edges whose kinds are in `mask`. Where
 * these edges leave a choice, the order follows the times at which transactions completed. Undefined if the edges form
 * a cycle.
 *
 * @param backwards the reversed graph of `core`
 */
function placesOf({ core, record }: Situation, backwards: Graph, mask: number): Int32Array | undefined {
  const { nodes } = backwards
  const ends = Float64Array.from(core.transaction, (t) => (t < 0 ? -1 : record.completed[t]))
  const roots = Int32Array.from({ length: nodes }, (_, n) => n).sort((a, b) => ends[a] - ends[b] || a - b)
  const ordered = depthFirst(nodes, edgesBy(backwards, mask), { roots })
  if ('cycle' in ordered) return undefined
  const place = new Int32Array(nodes)
  for (const [at, node] of ordered.order.entries()) place[node] = at
  return place
}

interface Sought {
  /** The search of the past skips nodes whose position (see `placesOf`) is lower than this. */
  readonly from: number
  isIt(node: number): boolean
}

/**
 * Decides causal consistency: no transaction misses a write of its causal past, and some order contains the order of
 * versions.
 *
 * @param mask the edges of the causal past in addition to wr
 */
export function decideCausal(situation: Situation, mask: number): Outcome {
  const missed = missedWrite(situation, situation.core.graph, mask | maskOf(WR))
  if (missed === undefined) return MET
  if (missed === 'cycle') return VIOLATED
  const { t, writer, key } = missed
  const back = keyBetween(situation, writer, t)
  if (back === NO_KEY) return VIOLATED
  return {
    result: 'violated',
    cycle: [
      { from: t, to: writer, kind: RW, key },
      { from: writer, to: t, kind: WR, key: back },
    ],
  }
}

/**
 * Decides parallel snapshot isolation: no cycle may have exactly one rw edge (Sovran et al. 2011; Cerone et al. 2015).
 *
 * @param graph the core's graph, with or without further edges
 */
export const decideParallelSnapshots = (situation: Situation, graph: Graph, mask: number): Outcome =>
  missedWrite(situation, graph, mask | maskOf(WR, WW)) === undefined ? MET : VIOLATED

/**
 * Returns a transaction `t` that misses a write of its past: `t` read a version of `key` that is older than the version
 * of `writer`, and `writer` is in the past of `t`. The past of `t` consists of the transactions from which edges of the
 * kinds in `mask` lead to `t`. Returns `cycle` if these edges and ww edges together form a cycle.
 *
 * To save time, the search of a past skips positions (see `placesOf`) lower than those of all writers that overwrote
 * what `t` read.
 */
function missedWrite(
  situation: Situation,
  graph: Graph,
  mask: number,
): { readonly t: number; readonly writer: number; readonly key: number } | 'cycle' | undefined {
  const { core, budget } = situation
  const backwards = reversed(graph)
  const place = placesOf(situation, backwards, mask | maskOf(WW))
  if (place === undefined) return 'cycle'
  const past = createPast(backwards, place, mask, budget)
  const lowest = lowestTargets(graph, place)
  for (const [node, t] of core.transaction.entries()) {
    if (t < 0 || lowest[node] >= place[node]) continue
    const keyOf = (other: number): number => missedKey(situation, t, core.transaction[other])
    const isIt = (other: number): boolean => other !== node && core.transaction[other] >= 0 && keyOf(other) >= 0
    const found = past(node, { from: lowest[node], isIt })
    if (found >= 0) return { t, writer: core.transaction[found], key: keyOf(found) }
  }
  return undefined
}

/** Returns a key of which `t` read an earlier version than the version that `writer` wrote; -1 if there is none. */
function missedKey({ record, versions }: Situation, t: number, writer: number): number {
  const { starts, kind, key } = record
  for (let row = starts[t]; row < starts[t + 1]; row++) {
    if (kind[row] !== READ || versions.of[row] < INITIAL) continue
    for (let other = starts[writer]; other < starts[writer + 1]; other++)
      if (kind[other] !== READ && key[other] === key[row] && versions.of[other] > versions.of[row]) return key[row]
  }
  return -1
}

/**
 * Considers, for each node, the writers that overwrote the versions that the node read. Returns the lowest of their
 * positions in `place`, or the number of nodes if there is no such writer.
 */
function lowestTargets(graph: Graph, place: Int32Array): Int32Array {
  const { nodes, starts, to, kind } = graph
  const lowest = new Int32Array(nodes).fill(nodes)
  const isDone = new Uint8Array(nodes)
  const way: number[] = []
  for (let root = 0; root < nodes; root++) {
    if (isDone[root] === 0) way.push(root)
    while (way.length > 0) {
      const node = way[way.length - 1]
      let isReady = true
      let least = nodes
      for (let e = starts[node]; e < starts[node + 1]; e++) {
        if (kind[e] !== RW && kind[e] !== LINK) continue
        const other = to[e]
        if (!leadsOn(graph, other)) least = Math.min(least, place[other])
        else if (isDone[other] === 1) least = Math.min(least, lowest[other])
        else {
          way.push(other)
          isReady = false
        }
      }
      if (!isReady) continue
      way.pop()
      isDone[node] = 1
      lowest[node] = least
    }
  }
  return lowest
}

/** Reports whether a node stands for a group of writers. All edges from such a node are of the kind `LINK`. */
const leadsOn = ({ starts, kind }: Graph, node: number): boolean =>
  starts[node] < starts[node + 1] && kind[starts[node]] === LINK

/** Creates a function that walks back from a node along edges of the mask, down to a given position. */
function createPast(
  { nodes, starts, to, kind }: Graph,
  place: Int32Array,
  mask: number,
  budget: Budget,
): (node: number, sought: Sought) => number {
  const seen = new Int32Array(nodes).fill(-1)
  const queue = new Int32Array(nodes)
  return (node, { from, isIt }) => {
    let end = 1
    queue[0] = node
    seen[node] = node
    const reach = (other: number): boolean => {
      if (seen[other] === node || place[other] < from) return false
      seen[other] = node
      queue[end++] = other
      return isIt(other)
    }
    for (let at = 0; at < end; at++) {
      const here = queue[at]
      budget.tick()
      for (let e = starts[here]; e < starts[here + 1]; e++)
        if ((mask & (1 << kind[e])) !== 0 && reach(to[e])) return to[e]
    }
    return -1
  }
}
