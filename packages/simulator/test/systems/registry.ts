import { balancerRows } from './balancer.ts'
import { brokerRows } from './broker.ts'
import { chainRows } from './chain.ts'
import { commitWaitRows } from './commit-wait.ts'
import { dnsRows } from './dns.ts'
import { generalsRows } from './generals.ts'
import { leaseLockRows } from './lease-lock.ts'
import { masterMasterRows } from './master-master.ts'
import { orderedQueueRows } from './ordered-queue.ts'
import { outboxRows } from './outbox.ts'
import { paxosRows } from './paxos.ts'
import { primaryReplicaRows } from './primary-replica.ts'
import { quorumRows } from './quorum.ts'
import { raftRows } from './raft.ts'
import { redlockRows } from './redlock.ts'
import type { SystemRow } from './row.ts'
import { shardedRows } from './sharded.ts'
import { singleRows } from './single.ts'
import { threePhaseCommitRows } from './three-phase-commit.ts'
import { twoPhaseCommitRows } from './two-phase-commit.ts'
import { viewstampedRows } from './viewstamped.ts'
import { watchCacheRows } from './watch-cache.ts'

/** The table of all systems. */
export const systemRows: readonly SystemRow[] = [
  ...raftRows,
  ...primaryReplicaRows,
  ...masterMasterRows,
  ...orderedQueueRows,
  ...quorumRows,
  ...leaseLockRows,
  ...paxosRows,
  ...twoPhaseCommitRows,
  ...threePhaseCommitRows,
  ...viewstampedRows,
  ...commitWaitRows,
  ...chainRows,
  ...shardedRows,
  ...dnsRows,
  ...watchCacheRows,
  ...singleRows,
  ...outboxRows,
  ...brokerRows,
  ...balancerRows,
  ...generalsRows,
  ...redlockRows,
]
