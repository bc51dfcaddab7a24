import type { NodeId } from '@chaosproxy/faults'

/** Returns the node that stores an item, by a hash of its name. `nodes` must be in the same order everywhere. */
export function ownerOf(nodes: readonly [NodeId, ...NodeId[]], item: string): NodeId {
  let hash = 0
  for (let i = 0; i < item.length; i++) hash = (Math.imul(hash, 31) + item.charCodeAt(i)) | 0
  return nodes[Math.abs(hash) % nodes.length] ?? nodes[0]
}

/** Returns all nodes in an order that is the same on every node. */
export const inOrder = (id: NodeId, peers: readonly NodeId[]): readonly [NodeId, ...NodeId[]] => {
  const [first = id, ...others] = [id, ...peers].sort()
  return [first, ...others]
}

/** Returns the size of the smallest majority. Any two majorities share a node. */
export const majorityOf = (count: number): number => Math.floor(count / 2) + 1

/**
 * Returns this node's lowest number that is greater than `last`. A number modulo the number of nodes is the index of
 * its node, so no two nodes share a number.
 */
export const nextNumber = ({ nodes, id }: Member, last: number): number =>
  (Math.floor(last / nodes.length) + 1) * nodes.length + nodes.indexOf(id)

interface Member {
  readonly id: NodeId
  readonly nodes: readonly NodeId[]
}
