import type { Invariant } from '../definition.ts'
import { type LogProtocol, watchCompleteness, watchLeaders, watchLogMatching } from '../log-invariants.ts'
import type { PrimaryReplicaState } from './state.ts'

const copies: LogProtocol<PrimaryReplicaState> = {
  leads: ({ role }) => role === 'primary',
  term: ({ epoch }) => epoch,
  log: ({ log }) => log,
  settled: heldByMajority,
}

export const primaryReplicaInvariants: readonly Invariant[] = [
  {
    name: 'one primary per epoch',
    summary: 'a primary needs the promises of a majority, and every node promises an epoch once',
    watch: () => watchLeaders(copies),
  },
  {
    name: 'acknowledged entries survive',
    summary: 'an acknowledged entry that a majority had is in the log of every later primary',
    watch: () => watchCompleteness(copies),
  },
  {
    name: 'logs agree',
    summary: 'two logs with an entry of the same index and epoch are identical up to it',
    watch: () => watchLogMatching(copies),
  },
]

/**
 * The last entry that this primary may acknowledge and that a majority is known to have. A primary configured to wait
 * for fewer copies may lose acknowledged entries in a failover; that is no breach.
 */
function heldByMajority({ role, committed, peers, replicas }: PrimaryReplicaState): number {
  if (role !== 'primary') return 0
  const others = Math.floor((peers.length + 1) / 2)
  let best = 0
  for (const { match } of replicas.values()) {
    if (match <= best) continue
    let holders = 0
    for (const other of replicas.values()) if (other.match >= match) holders++
    if (holders >= others) best = match
  }
  return peers.length === 0 ? committed : Math.min(best, committed)
}
