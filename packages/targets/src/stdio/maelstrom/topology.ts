import type { NodeId } from '@chaosproxy/faults'

export type Topology = { readonly [node: NodeId]: readonly NodeId[] }

/** Returns the indexes of a node's neighbours. `topologyOf` drops those that are out of range. */
type Beside = (at: number, count: number) => readonly number[]

/** The grid is as square as possible. */
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

/** Returns each node's neighbours in the topology of this name. For an unknown name, the topology is a grid. */
export function topologyOf(nodes: readonly NodeId[], name: string): Topology {
  const beside = topologies[name] ?? grid
  return Object.fromEntries(
    nodes.map((node, at) => [node, beside(at, nodes.length).flatMap((place) => nodes[place] ?? [])]),
  )
}
