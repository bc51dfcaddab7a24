import { blockedCoordinator } from './stories/blocked-coordinator.ts'
import { burritoAndTaco } from './stories/burrito-and-taco.ts'
import { byzantineGenerals } from './stories/byzantine-generals.ts'
import { cascade } from './stories/cascade.ts'
import { circuitBreaker } from './stories/circuit-breaker.ts'
import { clockSkewReorder } from './stories/clock-skew-reorder.ts'
import { doubleTransfer } from './stories/double-transfer.ts'
import { dualWrite } from './stories/dual-write.ts'
import { duplicateDelivery } from './stories/duplicate-delivery.ts'
import { election } from './stories/election.ts'
import { failoverDataLoss } from './stories/failover-data-loss.ts'
import { figure8 } from './stories/figure-8.ts'
import { hotShard } from './stories/hot-shard.ts'
import { leaseOnAWallClock } from './stories/lease-on-a-wall-clock.ts'
import { lostRequestOrLostReply } from './stories/lost-request-or-lost-reply.ts'
import { lostUpdate } from './stories/lost-update.ts'
import { photoQueue } from './stories/photo-queue.ts'
import { poisonedCache } from './stories/poisoned-cache.ts'
import { retryStorm } from './stories/retry-storm.ts'
import { slowNotDead } from './stories/slow-not-dead.ts'
import { slowestCopy } from './stories/slowest-copy.ts'
import { splitBrain } from './stories/split-brain.ts'
import { staleHistory } from './stories/stale-history.ts'
import { staleReadings } from './stories/stale-readings.ts'
import { threePhaseCommit } from './stories/three-phase-commit.ts'
import { threeTimeouts } from './stories/three-timeouts.ts'
import { timeGoesBack } from './stories/time-goes-back.ts'
import { twoApiServers } from './stories/two-api-servers.ts'
import { twoGenerals } from './stories/two-generals.ts'
import { twoReaders } from './stories/two-readers.ts'
import type { Story } from './story.ts'

/** Every story. Commands, help and tests iterate over this list. */
export const stories: readonly Story[] = [
  staleHistory,
  twoReaders,
  photoQueue,
  doubleTransfer,
  lostRequestOrLostReply,
  threeTimeouts,
  lostUpdate,
  burritoAndTaco,
  splitBrain,
  failoverDataLoss,
  election,
  slowestCopy,
  figure8,
  duplicateDelivery,
  dualWrite,
  retryStorm,
  circuitBreaker,
  cascade,
  slowNotDead,
  hotShard,
  clockSkewReorder,
  timeGoesBack,
  twoApiServers,
  staleReadings,
  poisonedCache,
  leaseOnAWallClock,
  blockedCoordinator,
  threePhaseCommit,
  twoGenerals,
  byzantineGenerals,
]

export const findStory = (name: string): Story | undefined => stories.find((story) => story.name === name)
