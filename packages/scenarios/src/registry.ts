import { burritoAndTaco } from './stories/burrito-and-taco.ts'
import { clockSkewReorder } from './stories/clock-skew-reorder.ts'
import { doubleTransfer } from './stories/double-transfer.ts'
import { duplicateDelivery } from './stories/duplicate-delivery.ts'
import { failoverDataLoss } from './stories/failover-data-loss.ts'
import { lostRequestOrLostReply } from './stories/lost-request-or-lost-reply.ts'
import { lostUpdate } from './stories/lost-update.ts'
import { splitBrain } from './stories/split-brain.ts'
import { staleHistory } from './stories/stale-history.ts'
import { timeGoesBack } from './stories/time-goes-back.ts'
import { twoGenerals } from './stories/two-generals.ts'
import type { Story } from './story.ts'

/** Every story. Commands, help and tests iterate over this list. */
export const stories: readonly Story[] = [
  staleHistory,
  doubleTransfer,
  lostRequestOrLostReply,
  lostUpdate,
  burritoAndTaco,
  splitBrain,
  failoverDataLoss,
  duplicateDelivery,
  clockSkewReorder,
  timeGoesBack,
  twoGenerals,
]

export const findStory = (name: string): Story | undefined => stories.find((story) => story.name === name)
