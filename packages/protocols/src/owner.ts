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
