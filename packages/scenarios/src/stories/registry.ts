import type { Story } from '../story.ts'
import { blockedCoordinator } from './blocked-coordinator.ts'
import { burritoAndTaco } from './burrito-and-taco.ts'
import { byzantineGenerals } from './byzantine-generals.ts'
import { cascade } from './cascade.ts'
import { circuitBreaker } from './circuit-breaker.ts'
import { clockSkewReorder } from './clock-skew-reorder.ts'
import { doubleTransfer } from './double-transfer.ts'
import { dualWrite } from './dual-write.ts'
import { duplicateDelivery } from './duplicate-delivery.ts'
import { election } from './election.ts'
import { failoverDataLoss } from './failover-data-loss.ts'
import { figure8 } from './figure-8.ts'
import { hotShard } from './hot-shard.ts'
import { leaseOnAWallClock } from './lease-on-a-wall-clock.ts'
import { longFork } from './long-fork.ts'
import { lostRequestOrLostReply } from './lost-request-or-lost-reply.ts'
import { lostUpdate } from './lost-update.ts'
import { photoQueue } from './photo-queue.ts'
import { poisonedCache } from './poisoned-cache.ts'
import { retryStorm } from './retry-storm.ts'
import { slowNotDead } from './slow-not-dead.ts'
import { slowestCopy } from './slowest-copy.ts'
import { splitBrain } from './split-brain.ts'
import { staleHistory } from './stale-history.ts'
import { staleReadings } from './stale-readings.ts'
import { threePhaseCommit } from './three-phase-commit.ts'
import { threeTimeouts } from './three-timeouts.ts'
import { timeGoesBack } from './time-goes-back.ts'
import { twoApiServers } from './two-api-servers.ts'
import { twoGenerals } from './two-generals.ts'
import { twoReaders } from './two-readers.ts'
import { writeSkew } from './write-skew.ts'

const all: Story[] = [
  staleHistory,
  twoReaders,
  photoQueue,
  doubleTransfer,
  lostRequestOrLostReply,
  threeTimeouts,
  lostUpdate,
  writeSkew,
  longFork,
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

/** All stories, for commands, help and tests. */
export const stories: readonly Story[] = all

/** Adds a user-defined story. */
export const addStory = (story: Story): void => void all.push(story)

export const findStory = (name: string): Story | undefined => stories.find((story) => story.name === name)
