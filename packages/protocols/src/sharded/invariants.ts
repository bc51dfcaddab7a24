import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import type { ShardedMessage, ShardedState } from './state.ts'

export const shardedInvariants: readonly Invariant[] = [
  {
    name: 'one owner per shard',
    summary: 'no two nodes serve the same shard, whatever became of the messages of its moves',
    watch: watchOwners,
  },
]

function watchOwners(): InvariantWatch<ShardedState, ShardedMessage> {
  const owners = new Map<number, NodeId>()
  return (node) => {
    let moves = -1
    return (state, event) => {
      if (event !== undefined && state.moves === moves) return undefined
      moves = state.moves
      for (const [shard, owner] of owners) if (owner === node && !state.owned.has(shard)) owners.delete(shard)
      for (const shard of state.owned.keys()) {
        const other = owners.get(shard)
        if (other !== undefined && other !== node) return `${node} owns shard ${shard}, and so does ${other}`
        owners.set(shard, node)
      }
      return undefined
    }
  }
}
