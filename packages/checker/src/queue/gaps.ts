import { type Budget, ticking } from '../limits/budget.ts'
import { firstWhere } from '../search/halving.ts'
import type { Life } from './life.ts'

/** The value id of null, which means that a dequeue found nothing. */
export const NULL_ID = 0

const HALF = 0.5

/**
 * Returns a function that finds, in a span of time, the first moment at which a queue may be empty. A moment is half
 * way between two event positions, and meets two conditions:
 *
 * - No message is certainly in the queue, that is, between the return of its enqueue and the call of its dequeue.
 * - The dequeues of unknown outcome called so far are at least as many as the acknowledged messages that no known
 *   dequeue took.
 *
 * Such moments do not exclude each other. At each of them, the dequeues of unknown outcome have taken these messages.
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
  if (last > SPARSEST * (lives.length + unknownCalls.length) + SMALLEST)
    return findSparseGap(lives, unknownCalls, budget)
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
  // By event position: the first moment from here on at which the queue may be empty.
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

/** If a message has more event positions than this on average, only positions with changes are examined. */
const SPARSEST = 16
const SMALLEST = 1_024

/** `findGap` for a queue with few messages among the events of many other queues. */
function findSparseGap(
  lives: readonly Life[],
  unknownCalls: readonly number[],
  budget: Budget,
): (from: number, to: number) => number | undefined {
  const changes = new Map<number, { certain: number; spare: number }>()
  const changeAt = (position: number): { certain: number; spare: number } => {
    const known = changes.get(position) ?? { certain: 0, spare: 0 }
    changes.set(position, known)
    return known
  }
  for (const { enqueued, dequeueFrom, dequeue } of lives) {
    budget.tick()
    if (dequeue === -1) changeAt(enqueued).spare--
    else if (enqueued < dequeueFrom) {
      changeAt(enqueued).certain++
      changeAt(dequeueFrom).certain--
    }
  }
  for (const call of unknownCalls) changeAt(call).spare++
  const positions = [...changes.keys()].sort(ticking((a, b) => a - b, budget))
  const isPossible: boolean[] = []
  let [certain, spare] = [0, 0]
  for (const position of positions) {
    const change = changeAt(position)
    certain += change.certain
    spare += change.spare
    isPossible.push(certain === 0 && spare >= 0)
  }
  // By change: the first change, from this one on, after which the queue may be empty; -1 if there is none.
  const next = new Int32Array(positions.length + 1).fill(-1)
  for (let at = positions.length - 1; at >= 0; at--) next[at] = isPossible[at] ? at : next[at + 1]
  return (from, to) => {
    const before = firstWhere(0, positions.length, (at) => positions[at] > from) - 1
    const isAtOnce = before === -1 || isPossible[before]
    const later = next[before + 1]
    const at = isAtOnce ? from : later === -1 ? undefined : positions[later]
    return at !== undefined && at < to ? at + HALF : undefined
  }
}

/** A message that a dequeue of unknown outcome must have taken. */
export interface Taking {
  /** The message, and the deadline for taking it. */
  readonly life: Life
  readonly before: number
  /** The operations that prove the deadline of the message. */
  readonly shownBy: readonly number[]
}

type Taken =
  | readonly { readonly life: Life; readonly dequeue: number; readonly before: number }[]
  | { readonly conflict: readonly number[] }

/**
 * Assigns the messages that dequeues of unknown outcome must have taken to these dequeues, in order of call. If too few
 * were called in time, returns a conflict. `needed` and `unknown` must be ordered by time.
 */
export function takeByUnknown(needed: readonly Taking[], unknown: readonly number[], calls: Int32Array): Taken {
  const taken: { readonly life: Life; readonly dequeue: number; readonly before: number }[] = []
  for (const [at, { life, before }] of needed.entries()) {
    const dequeue = unknown[at]
    if (dequeue === undefined || calls[dequeue] > before) {
      const gone = needed.slice(0, at + 1).flatMap(({ life: { enqueue }, shownBy }) => [enqueue, ...shownBy])
      return { conflict: [...new Set([...gone, ...unknown.slice(0, at)])] }
    }
    taken.push({ life, dequeue, before })
  }
  return taken
}
