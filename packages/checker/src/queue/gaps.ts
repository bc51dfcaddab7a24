import type { Budget } from '../limits/budget.ts'
import { type FastAnswer, violated } from '../object/model/slots.ts'
import { firstWhere } from '../search/halving.ts'
import type { Life } from './life.ts'

/** The value id of null, which means that a dequeue found nothing. */
export const NULL_ID = 0

const HALF = 0.5

/**
 * Returns a function that finds, in a span of time, the first moment at which a queue may be empty. The moment is half
 * way between two event positions. The queue may be empty at a moment under two conditions:
 *
 * - No message is certainly in the queue. A message is certainly in the queue from the return of its enqueue to the
 *   call of the known dequeue that took it.
 * - Enough dequeues of unknown outcome were called before the moment: at least one for each message that was
 *   acknowledged before the moment and that no known dequeue took. They can have taken these messages.
 *
 * A single order of the operations can make the queue empty at all such moments.
 */
export function findGap(
  lives: readonly Life[],
  unknownCalls: readonly number[],
  budget: Budget,
): (from: number, to: number) => number | undefined {
  /** The event positions with a change, each as `position * CHANGES + change`. */
  const changes = new Float64Array(2 * lives.length + unknownCalls.length)
  let count = 0
  const note = (position: number, change: number): void => {
    changes[count++] = position * CHANGES + change
  }
  for (const { enqueued, dequeueFrom, dequeue } of lives) {
    budget.tick()
    if (dequeue === -1) note(enqueued, STAYED)
    else if (enqueued < dequeueFrom) {
      note(enqueued, CAME)
      note(dequeueFrom, LEFT)
    }
  }
  for (const call of unknownCalls) note(call, TOOK)
  const positions: number[] = []
  const isPossible: boolean[] = []
  let [certain, spare] = [0, 0]
  for (const each of changes.subarray(0, count).sort()) {
    budget.tick()
    const position = Math.floor(each / CHANGES)
    const change = each - position * CHANGES
    if (change === CAME) certain++
    else if (change === LEFT) certain--
    else spare += change === TOOK ? 1 : -1
    if (positions[positions.length - 1] !== position) positions.push(position)
    isPossible[positions.length - 1] = certain === 0 && spare >= 0
  }
  // By index in `positions`: the first index, this one or a later one, after whose changes the queue may be empty; -1
  // if there is none.
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

/**
 * CAME: from here on, a message is certainly in the queue. LEFT: from here on, it may be gone. STAYED: a message was
 * enqueued that no known dequeue took. TOOK: a dequeue of unknown outcome was called, and may take a message.
 */
const CAME = 0
const LEFT = 1
const STAYED = 2
const TOOK = 3
const CHANGES = 4

/** A message that a dequeue of unknown outcome must have taken. */
export interface Taking {
  /** `life`: the message (see `Life`). `before`: the event position by which a dequeue must have taken the message. */
  readonly life: Life
  readonly before: number
  /**
   * The operations that prove that the message was taken before the position `before`, such as a dequeue that found
   * nothing.
   */
  readonly evidence: readonly number[]
}

interface Taken {
  readonly life: Life
  readonly dequeue: number
  readonly before: number
}

/**
 * Decides which dequeue of unknown outcome (`unknown`) took each message that one of them must have taken (`needed`).
 * Uses the dequeues in order of call. Returns a conflict if too few of them were called before the messages' deadlines.
 * Both lists must be in order of time.
 */
export function takeByUnknown(
  needed: readonly Taking[],
  unknown: readonly number[],
  calls: Int32Array,
): readonly Taken[] | FastAnswer {
  const taken: Taken[] = []
  for (const [at, { life, before }] of needed.entries()) {
    const dequeue = unknown[at]
    if (dequeue === undefined || calls[dequeue] > before) {
      const gone = needed.slice(0, at + 1).flatMap(({ life: { enqueue }, evidence }) => [enqueue, ...evidence])
      return violated([...new Set([...gone, ...unknown.slice(0, at)])])
    }
    taken.push({ life, dequeue, before })
  }
  return taken
}
