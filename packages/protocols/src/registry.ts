import { balancer } from './balancer/definition.ts'
import { broker } from './broker/definition.ts'
import { chain } from './chain/definition.ts'
import { commitWait } from './commit-wait/definition.ts'
import type { ProtocolDefinition } from './definition.ts'
import { dns } from './dns/definition.ts'
import { generals } from './generals/definition.ts'
import { leaseLock } from './lease-lock/definition.ts'
import { masterMaster } from './master-master/definition.ts'
import { orderedQueue } from './ordered-queue/definition.ts'
import { outbox } from './outbox/definition.ts'
import { paxos } from './paxos/definition.ts'
import { primaryReplica } from './primary-replica/definition.ts'
import { quorum } from './quorum/definition.ts'
import { raft } from './raft/definition.ts'
import { redlock } from './redlock/definition.ts'
import { sharded } from './sharded/definition.ts'
import { single } from './single/definition.ts'
import { threePhaseCommit } from './three-phase-commit/definition.ts'
import { twoPhaseCommit } from './two-phase-commit/definition.ts'
import { viewstamped } from './viewstamped/definition.ts'
import { watchCache } from './watch-cache/definition.ts'

/** Every protocol this tool ships. Help, docs, hosts and tests iterate over this list. */
export const protocols: readonly ProtocolDefinition[] = [
  raft,
  primaryReplica,
  masterMaster,
  orderedQueue,
  quorum,
  leaseLock,
  paxos,
  twoPhaseCommit,
  threePhaseCommit,
  viewstamped,
  commitWait,
  chain,
  sharded,
  dns,
  watchCache,
  single,
  outbox,
  broker,
  balancer,
  generals,
  redlock,
]

export const findProtocol = (name: string): ProtocolDefinition | undefined =>
  protocols.find((protocol) => protocol.name === name)
