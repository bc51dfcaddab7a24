import type { NodeId } from '@chaosproxy/faults'

/** Who is whose neighbour. */
export type Topology = { readonly [node: NodeId]: readonly NodeId[] }

/** The places of a node's neighbours, by its own place and the number of nodes. Places out of range are dropped. */
type Beside = (at: number, count: number) => readonly number[]

/** In a grid as nearly square as can be. */
const grid: Beside = (at, count) => {
  const width = Math.ceil(Math.sqrt(count))
  return [at % width > 0 ? at - 1 : -1, at % width < width - 1 ? at + 1 : -1, at - width, at + width]
}

const tree =
  (branches: number): Beside =>
  (at) => [
    at === 0 ? -1 : Math.floor((at - 1) / branches),
    ...Array.from({ length: branches }, (_, n) => branches * at + n + 1),
  ]

export const USUAL_TOPOLOGY = 'grid'

const topologies: { readonly [name: string]: Beside } = {
  [USUAL_TOPOLOGY]: grid,
  line: (at) => [at - 1, at + 1],
  tree: tree(2),
  tree2: tree(2),
  tree3: tree(3),
  tree4: tree(4),
  total: (at, count) => Array.from({ length: count }, (_, other) => (other === at ? -1 : other)),
}

export const topologyNames: readonly string[] = Object.keys(topologies)

/** The neighbours of each node, by the name of a topology; an unknown one is a grid. */
export function topologyOf(nodes: readonly NodeId[], name: string): Topology {
  const beside = topologies[name] ?? grid
  return Object.fromEntries(
    nodes.map((node, at) => [node, beside(at, nodes.length).flatMap((place) => nodes[place] ?? [])]),
  )
}
