import type { NodeId } from '@chaosproxy/faults'
import type { Invariant, InvariantWatch } from '../definition.ts'
import { type RedlockMessage, type RedlockState, trueMajority } from './state.ts'

export const redlockInvariants: readonly Invariant[] = [
  {
    name: 'a majority has what is granted',
    summary: 'at the moment when a client is told that it has a lock, a majority of masters have it as its own',
    watch: watchGrants,
  },
]

function watchGrants(): InvariantWatch<RedlockState, RedlockMessage> {
  const masters = new Map<NodeId, RedlockState>()
  return (node) => (state) => {
    masters.set(node, state)
    const { granted } = state
    if (granted === undefined) return undefined
    const { key, value, ownHad } = granted
    // In the same step it may have been given back already.
    let having = ownHad ? 1 : 0
    for (const [master, { locks }] of masters) if (master !== node && locks.get(key) === value) having++
    if (having >= trueMajority(state)) return undefined
    return `${node} was granted ${key} when ${having} of ${state.masters.length} masters had it as its own`
  }
}
