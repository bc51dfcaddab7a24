import { ownersOf } from '../../encoding/lists.ts'
import { type Before, NO_MORE, NO_NODE } from '../../graph/walks.ts'
import { type EdgeKind, EdgeList, type EdgeMask, type Edges, NO_KEY, WW } from './edges.ts'

/** Edges grouped by their start node. The edges of node n are rows starts[n] to starts[n + 1] - 1. */
export interface Graph {
  /** The number of nodes: transactions, then nodes that represent moments or groups, which are never shown. */
  readonly nodes: number
  readonly starts: Int32Array
  readonly to: Int32Array
  readonly kind: Uint8Array
  readonly key: Int32Array
}

export function graphOf(edges: Edges, nodes: number): Graph {
  const { length } = edges
  const starts = new Int32Array(nodes + 1)
  for (let e = 0; e < length; e++) starts[edges.from[e] + 1]++
  for (let n = 0; n < nodes; n++) starts[n + 1] += starts[n]
  const next = starts.slice()
  const to = new Int32Array(length)
  const kind = new Uint8Array(length)
  const key = new Int32Array(length)
  for (let e = 0; e < length; e++) {
    const at = next[edges.from[e]]++
    to[at] = edges.to[e]
    kind[at] = edges.kind[e]
    key[at] = edges.key[e]
  }
  return { nodes, starts, to, kind, key }
}

/** Lists the targets of each node's edges whose kinds are in `mask`. */
export const edgesBy =
  ({ starts, to, kind }: Graph, mask: EdgeMask): Before =>
  (node, place) => {
    const edge = starts[node] + place
    if (edge >= starts[node + 1]) return NO_MORE
    return (mask & (1 << kind[edge])) === 0 ? NO_NODE : to[edge]
  }

export const reversed = ({ nodes, starts, to, kind, key }: Graph): Graph =>
  graphOf({ length: to.length, from: to, to: ownersOf(starts), kind, key }, nodes)

/** Additional ww edges. By node: the nodes to which its edges lead. */
export type FurtherEdges = ReadonlyMap<number, readonly number[]>

export function withEdges(graph: Graph, further: FurtherEdges): Graph {
  if (further.size === 0) return graph
  const edges = new EdgeList(graph.to.length + further.size)
  for (let node = 0; node < graph.nodes; node++) {
    for (let e = graph.starts[node]; e < graph.starts[node + 1]; e++)
      edges.add(node, graph.to[e], graph.kind[e] as EdgeKind, graph.key[e])
    for (const other of further.get(node) ?? []) edges.add(node, other, WW, NO_KEY)
  }
  return graphOf(edges, graph.nodes)
}
