/** Returned instead of a node if the list has no node at this place, but may have nodes at later places. */
export const NO_NODE = -1
/** Returned instead of a node if the list has ended. */
export const NO_MORE = -2

export type Before = (node: number, place: number) => number

export type Ordered =
  | { readonly order: Int32Array }
  /**
   * Lists the nodes of a cycle backwards: each node is followed by its predecessor. The predecessor of the last node is
   * the first node.
   */
  | { readonly cycle: readonly number[] }

interface Walk {
  /** The nodes at which the search begins, in this order; by default all nodes by number. */
  readonly roots?: Int32Array | undefined
  /** The walk calls this function at each step. An exception ends the walk. */
  readonly tick?: (() => void) | undefined
}

const ENTERED = 1
const PLACED = 2

/**
 * Orders all nodes from 0 to `nodes` - 1, each after its predecessors, or returns a cycle among them. Depth-first
 * search (Tarjan, "Edge-disjoint spanning trees and depth-first search", 1976) with an explicit stack.
 */
export function depthFirst(nodes: number, before: Before, { roots, tick }: Walk = {}): Ordered {
  const order = new Int32Array(nodes)
  const state = new Uint8Array(nodes)
  const next = new Int32Array(nodes)
  const path: number[] = []
  let count = 0
  for (let at = 0; at < nodes; at++) {
    const root = roots === undefined ? at : roots[at]
    if (state[root] === PLACED) continue
    state[root] = ENTERED
    path.push(root)
    while (path.length > 0) {
      tick?.()
      const node = path[path.length - 1]
      const other = before(node, next[node]++)
      if (other === NO_MORE) {
        state[node] = PLACED
        order[count++] = node
        path.pop()
      } else if (other === NO_NODE || state[other] === PLACED) continue
      else if (state[other] === ENTERED) return { cycle: path.slice(path.indexOf(other)) }
      else {
        state[other] = ENTERED
        path.push(other)
      }
    }
  }
  return { order }
}

/** Visits each edge of a node. May skip edges to nodes that were already reached. */
export type Leading<Edge> = (
  node: number,
  visit: (other: number, edge: Edge) => void,
  isReached: (other: number) => boolean,
) => void

/**
 * The edges of a shortest path between two nodes, which may be equal. Breadth-first search; of equally short paths, the
 * one visited first.
 */
export function shortestWay<Edge>(from: number, to: number, leading: Leading<Edge>): readonly Edge[] | undefined {
  const cameBy = new Map<number, { readonly node: number; readonly edge: Edge }>()
  const queue = [from]
  const isReached = (node: number): boolean => cameBy.has(node) || (node === from && node !== to)
  for (let at = 0; at < queue.length && !cameBy.has(to); at++) {
    const node = queue[at]
    const visit = (other: number, edge: Edge): void => {
      if (isReached(other)) return
      cameBy.set(other, { node, edge })
      queue.push(other)
    }
    leading(node, visit, isReached)
  }
  const way: Edge[] = []
  for (let by = cameBy.get(to); by !== undefined; by = by.node === from ? undefined : cameBy.get(by.node))
    way.push(by.edge)
  return way.length === 0 ? undefined : way.reverse()
}
