import { combinedLadder } from '../judge/guarantees.ts'
import type { Ladder } from '../verdict/ladder.ts'

/**
 * The guarantees of queues that lease a message for a time, and deliver it again unless it is acknowledged by then.
 * Each is a rule of the one state machine in `specification.ts`; it is broken if no order of the operations follows
 * that rule.
 *
 * - no-lost-messages: every message whose enqueue was confirmed is in the queue in the end, unless a consumer
 *   acknowledged it
 * - no-invented-messages: every delivered message was enqueued or initial
 * - no-handouts-after-ack: an acknowledged message is not delivered again
 * - no-double-leases: while one consumer has a lease on a message, no other gets the message
 * - no-repeats: a message is delivered once, unless it is returned
 * - first-in-first-out: messages are first delivered in the order in which they were enqueued
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

export type OfOneValue = Exclude<Guarantee, 'first-in-first-out'>

const atLeastOnce = ['no-lost-messages', 'no-invented-messages'] as const
const leased = [...atLeastOnce, 'no-handouts-after-ack', 'no-double-leases'] as const

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

export const faults: { readonly [guarantee in Guarantee]: string } = {
  'no-lost-messages': 'loses messages',
  'no-invented-messages': 'hands out what nobody put in',
  'no-handouts-after-ack': 'hands out what was acknowledged',
  'no-double-leases': 'hands out a message that is still leased',
  'no-repeats': 'hands out a message again',
  'first-in-first-out': 'changes the order',
}
