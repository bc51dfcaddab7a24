import { shortestWay } from '../../graph/walks.ts'
import { type EdgeMask, EVERY_KIND } from './edges.ts'
import type { Graph } from './graph.ts'

/** The strongly connected components of a graph. Every cycle is inside one component. */
export interface Components {
  readonly count: number
  /** By node: its component. Edges between components lead from larger to smaller numbers. */
  readonly of: Int32Array
  readonly size: Int32Array
}

/**
 * Computes components by Tarjan's algorithm (1972) with an explicit stack, in linear time. Edges of kinds outside the
 * mask are ignored.
 */
export function componentsOf({ nodes, starts, to, kind }: Graph, mask: EdgeMask): Components {
  const of = new Int32Array(nodes).fill(-1)
  const index = new Int32Array(nodes)
  const low = new Int32Array(nodes)
  const next = new Int32Array(nodes)
  const open = new Int32Array(nodes)
  const way = new Int32Array(nodes)
  const size: number[] = []
  let opened = 0
  let visited = 0
  for (let root = 0; root < nodes; root++) {
    if (index[root] !== 0) continue
    let depth = 0
    way[0] = root
    for (;;) {
      const node = way[depth]
      if (index[node] === 0) {
        index[node] = low[node] = ++visited
        next[node] = starts[node]
        open[opened++] = node
      }
      let child = -1
      while (next[node] < starts[node + 1]) {
        const edge = next[node]++
        if ((mask & (1 << kind[edge])) === 0) continue
        const other = to[edge]
        if (index[other] === 0) {
          child = other
          break
        }
        if (of[other] < 0 && index[other] < low[node]) low[node] = index[other]
      }
      if (child >= 0) {
        way[++depth] = child
        continue
      }
      if (low[node] === index[node]) {
        const before = opened
        let other: number
        do {
          other = open[--opened]
          of[other] = size.length
        } while (other !== node)
        size.push(before - opened)
      }
      if (depth === 0) break
      const parent = way[--depth]
      if (low[node] < low[parent]) low[parent] = low[node]
    }
  }
  return { count: size.length, of, size: Int32Array.from(size) }
}

export const isAcyclic = (graph: Graph, mask: EdgeMask): boolean => componentsOf(graph, mask).count === graph.nodes

/** The maximum number of nodes from which a shortest cycle is sought. */
const MOST_BEGINNINGS = 100

export function shortCycle(graph: Graph): readonly number[] | undefined {
  const { of, size, count } = componentsOf(graph, EVERY_KIND)
  let smallest = -1
  for (let c = 0; c < count; c++) if (size[c] > 1 && (smallest < 0 || size[c] < size[smallest])) smallest = c
  if (smallest < 0) return undefined
  let best: readonly number[] | undefined
  let begun = 0
  for (let node = 0; node < graph.nodes && begun < MOST_BEGINNINGS; node++) {
    if (of[node] !== smallest) continue
    begun++
    const way = wayBetween(graph, node, node, (other) => of[other] === smallest)
    if (way !== undefined && (best === undefined || way.length < best.length)) best = way
  }
  return best
}

export const wayBetween = (
  { starts, to }: Graph,
  from: number,
  target: number,
  isAllowed: (node: number) => boolean,
): readonly number[] | undefined =>
  shortestWay<number>(from, target, (node, visit) => {
    for (let e = starts[node]; e < starts[node + 1]; e++) if (to[e] === target || isAllowed(to[e])) visit(to[e], node)
  })
