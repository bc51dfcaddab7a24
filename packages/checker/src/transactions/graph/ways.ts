import { shortestWay } from '../../graph/shortest-way.ts'
import { componentsOf } from './components.ts'
import type { EdgeMask } from './edges.ts'
import type { Graph } from './graph.ts'

/** Searches for a shortest cycle begin at no more nodes than this. */
const MOST_BEGINNINGS = 100

/** The nodes of a short cycle, in its order; undefined if there is none. */
export function shortCycle(graph: Graph, mask: EdgeMask): readonly number[] | undefined {
  const { of, size, count } = componentsOf(graph, mask)
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

/** The nodes of a shortest way from one node to another; without the last one. */
export const wayBetween = (
  { starts, to }: Graph,
  from: number,
  target: number,
  isAllowed: (node: number) => boolean,
): readonly number[] | undefined =>
  shortestWay<number>(from, target, (node, visit) => {
    for (let e = starts[node]; e < starts[node + 1]; e++) if (to[e] === target || isAllowed(to[e])) visit(to[e], node)
  })
