/** Tells of each edge at a node where it leads. What leads to a node that was reached need not be told. */
export type Leading<Edge> = (
  node: number,
  visit: (other: number, edge: Edge) => void,
  isReached: (other: number) => boolean,
) => void

/**
 * The edges of a shortest way between two nodes, which may be one and the same; undefined if there is none. Breadth-first
 * search; of several, the one whose edges are told first.
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
