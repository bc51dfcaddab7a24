import { componentsOf } from './components.ts'
import { type EdgeKind, EdgeList, EVERY_KIND } from './edges.ts'
import { type Graph, graphOf } from './graph.ts'

/**
 * The part of a graph that contains all its cycles: the components of more than one node, renumbered, without the edges
 * between components.
 */
export interface Core {
  readonly graph: Graph
  /**
   * By node: its transaction; -1 for a node that represents a moment of real time (see `addRealTime`) or a group of
   * writers.
   */
  readonly transaction: Int32Array
  /** By transaction: its node, or -1 if it is on no cycle. */
  readonly node: Int32Array
  /** By node: its component, from 0 to `components` - 1. */
  readonly component: Int32Array
  readonly components: number
}

/** @param transactions the number of nodes that are transactions; these come first in the graph */
export function coreOf(graph: Graph, transactions: number): Core {
  const { of, size, count } = componentsOf(graph, EVERY_KIND)
  const number = new Int32Array(count).fill(-1)
  const local = new Int32Array(graph.nodes).fill(-1)
  const nodes: number[] = []
  let components = 0
  for (let n = 0; n < graph.nodes; n++) {
    if (size[of[n]] < 2) continue
    if (number[of[n]] < 0) number[of[n]] = components++
    local[n] = nodes.length
    nodes.push(n)
  }
  const edges = new EdgeList()
  for (const n of nodes)
    for (let e = graph.starts[n]; e < graph.starts[n + 1]; e++) {
      const other = graph.to[e]
      if (of[other] === of[n]) edges.add(local[n], local[other], graph.kind[e] as EdgeKind, graph.key[e])
    }
  return {
    graph: graphOf(edges, nodes.length),
    transaction: Int32Array.from(nodes, (n) => (n < transactions ? n : -1)),
    node: local.subarray(0, transactions),
    component: Int32Array.from(nodes, (n) => number[of[n]]),
    components,
  }
}
