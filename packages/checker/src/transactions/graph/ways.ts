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
    const way = shortestWay(graph, node, node, (other) => of[other] === smallest)
    if (way !== undefined && (best === undefined || way.length < best.length)) best = way
  }
  return best
}

/** The nodes of a shortest way from one node to another, by breadth; without the last one. */
export function shortestWay(
  { starts, to }: Graph,
  from: number,
  target: number,
  isAllowed: (node: number) => boolean,
): readonly number[] | undefined {
  const cameFrom = new Map<number, number>()
  const queue = [from]
  for (let at = 0; at < queue.length; at++) {
    const node = queue[at] as number
    for (let e = starts[node]; e < starts[node + 1]; e++) {
      const other = to[e]
      if (other === target) {
        const way = [node]
        for (let back = node; back !== from; ) {
          back = cameFrom.get(back) ?? from
          way.unshift(back)
        }
        return way
      }
      if (cameFrom.has(other) || other === from || !isAllowed(other)) continue
      cameFrom.set(other, node)
      queue.push(other)
    }
  }
  return undefined
}
