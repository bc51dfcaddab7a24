import type { NodeId } from '@chaosproxy/faults'

/** The node that holds an item, by a hash of its name. `nodes` are all, in the same order everywhere. */
export function ownerOf(nodes: readonly [NodeId, ...NodeId[]], item: string): NodeId {
  let hash = 0
  for (let i = 0; i < item.length; i++) hash = (Math.imul(hash, 31) + item.charCodeAt(i)) | 0
  return nodes[Math.abs(hash) % nodes.length] ?? nodes[0]
}

/** All nodes in one order. */
export const inOrder = (id: NodeId, peers: readonly NodeId[]): readonly [NodeId, ...NodeId[]] => {
  const [first = id, ...others] = [id, ...peers].sort()
  return [first, ...others]
}

/** The size of the smallest majority; any two majorities share a node. */
export const majorityOf = (count: number): number => Math.floor(count / 2) + 1

/** The lowest number of this node above `last`. A number's remainder is its node, so no two nodes share one. */
export const nextNumber = ({ nodes, id }: Member, last: number): number =>
  (Math.floor(last / nodes.length) + 1) * nodes.length + nodes.indexOf(id)

interface Member {
  readonly id: NodeId
  readonly nodes: readonly NodeId[]
}
