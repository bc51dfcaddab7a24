import type { Budget } from '../budget.ts'
import type { Life } from './life.ts'

/** The value id of null: a dequeue that found nothing. */
export const NULL_ID = 0

const HALF = 0.5

/**
 * Finds moments at which a queue may be empty: for a span of time, the first moment within it, half way between two event
 * positions, at which no message is there for certain (acknowledged, and its dequeue not yet called), and at which the
 * dequeues of unknown outcome called so far are as many as the messages acknowledged so far that nobody is known to have
 * taken. Such moments do not exclude each other: at each, those dequeues have taken all that had to be taken.
 */
export function findGap(
  lives: readonly Life[],
  unknownCalls: readonly number[],
  budget: Budget,
): (from: number, to: number) => number | undefined {
  let last = 0
  for (const { enqueued, dequeueFrom, dequeue } of lives) {
    budget.tick()
    last = Math.max(last, enqueued, dequeue === -1 ? 0 : dequeueFrom)
  }
  for (const call of unknownCalls) last = Math.max(last, call)
  const certain = new Int32Array(last + 2)
  const spare = new Int32Array(last + 2)
  for (const { enqueued, dequeueFrom, dequeue } of lives) {
    budget.tick()
    if (dequeue === -1) spare[enqueued]--
    else if (enqueued < dequeueFrom) {
      certain[enqueued]++
      certain[dequeueFrom]--
    }
  }
  for (const call of unknownCalls) spare[call]++
  for (let at = 1; at < certain.length; at++) {
    budget.tick()
    certain[at] += certain[at - 1]
    spare[at] += spare[at - 1]
  }
  // By event position: the first from there on after which the queue may be empty.
  const next = new Int32Array(last + 2)
  let possible = last + 1
  for (let at = last + 1; at >= 0; at--) {
    budget.tick()
    if (certain[at] === 0 && spare[at] >= 0) possible = at
    next[at] = possible
  }
  const isPossibleAtEnd = certain[last + 1] === 0 && spare[last + 1] >= 0
  return (from, to) => {
    const at = from > last ? from : next[from]
    if (at > last && !isPossibleAtEnd) return undefined
    return at < to ? at + HALF : undefined
  }
}

/** Gives the messages that must have been taken by dequeues of unknown outcome to those, in order of their calls. */
export interface Taking {
  /** The message, and before when it must be taken. */
  readonly life: Life
  readonly before: number
}

/** Undefined where there are not enough such dequeues in time. Both in order of time. */
export function takeByUnknown(
  needed: readonly Taking[],
  unknown: readonly number[],
  calls: Int32Array,
): readonly { readonly life: Life; readonly dequeue: number; readonly before: number }[] | undefined {
  const taken: { readonly life: Life; readonly dequeue: number; readonly before: number }[] = []
  for (const [at, { life, before }] of needed.entries()) {
    const dequeue = unknown[at]
    if (dequeue === undefined || calls[dequeue] > before) return undefined
    taken.push({ life, dequeue, before })
  }
  return taken
}
