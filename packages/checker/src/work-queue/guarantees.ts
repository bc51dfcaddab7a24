import { combinedLadder } from '../judge/guarantees.ts'
import type { Ladder } from '../verdict/ladder.ts'

/**
 * The guarantees of queues that hand out a message for a time, and again if it is not acknowledged by then. Each is a rule
 * of the one state machine in `specification.ts`; it is broken if no order of the operations follows that rule.
 *
 * - no-lost-messages: what was confirmed to its producer is there in the end, unless somebody has acknowledged it
 * - no-invented-messages: what comes out was put in, or was there at the start
 * - no-handouts-after-ack: what was acknowledged does not come out again
 * - no-double-leases: while one has a message, nobody else gets it
 * - no-repeats: a message comes out once, unless it is given back
 * - first-in-first-out: of two messages the one that was put in first is taken first, the first time
 */
export const guarantees = [
  'no-lost-messages',
  'no-invented-messages',
  'no-handouts-after-ack',
  'no-double-leases',
  'no-repeats',
  'first-in-first-out',
] as const

export type Guarantee = (typeof guarantees)[number]

/** Those that concern the messages of one value only. */
export type OfOneValue = Exclude<Guarantee, 'first-in-first-out'>

const atLeastOnce = ['no-lost-messages', 'no-invented-messages'] as const
const leased = [...atLeastOnce, 'no-handouts-after-ack', 'no-double-leases'] as const

/** What queues promise as a whole. */
export const promises = {
  'exactly-once': [...leased, 'no-repeats'],
  leased,
  'at-least-once': atLeastOnce,
} as const satisfies { readonly [level: string]: readonly Guarantee[] }

export type WorkQueueLevel = keyof typeof promises | Guarantee

export const workQueueLadder: Ladder<WorkQueueLevel> = combinedLadder(guarantees, promises, [
  'no-invented-messages',
  'no-handouts-after-ack',
  'no-double-leases',
])

/** What a queue does that breaks the guarantee. */
export const faults: { readonly [guarantee in Guarantee]: string } = {
  'no-lost-messages': 'loses messages',
  'no-invented-messages': 'hands out what nobody put in',
  'no-handouts-after-ack': 'hands out what was acknowledged',
  'no-double-leases': 'hands out what another has',
  'no-repeats': 'hands out a message again',
  'first-in-first-out': 'changes the order',
}
