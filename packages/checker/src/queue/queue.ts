import type { Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Specification } from '../judge/model.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import type { ObjectEntry } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { type FastAnswer, NOT_APPLICABLE, violated } from '../object/model/slots.ts'
import { NULL_ID, type Taking, takeByUnknown } from './gaps.ts'
import type { Life } from './life.ts'
import { type Lives, lifetimes, momentsOf, operationsOf, takenBefore } from './lives.ts'
import { enqueuedBy, keyOfMessages, type Messages, messageObject } from './messages.ts'
import { ENQUEUE, messagesAtFirst, queueFunctions } from './operations.ts'

/** Messages in order: first in, first out. A dequeue that returns null found an empty queue. */
export const queue: ObjectEntry = {
  name: 'queue',
  aliases: ['fifo-queue', 'fifo'],
  summary: 'messages, first in, first out',
  functions: queueFunctions,
  levels: ['linearizable', 'eventual'],
  object: messageObject({
    rule: 'a queue hands out each message once, in order',
    isInOrder: true,
    specification: (initial) => queueFrom({ isKnown: true, messages: messagesAtFirst(initial) }),
    fast,
    simulate,
  }),
}

/**
 * The queue with unknown initial content. The first dequeue of an enqueued message shows that no initial one is left.
 */
export const queueFrom = (initial: Messages): Specification<Messages> => ({
  initial,
  step: (state, operation) => {
    const { isKnown, messages } = state
    const enqueued = enqueuedBy(operation)
    if (enqueued !== undefined) return [{ isKnown, messages: [...messages, enqueued] }]
    const { output } = operation
    const rest: Messages = { isKnown: true, messages: messages.slice(1) }
    const older = isKnown ? [] : [state]
    if (output === undefined) return [rest, ...older]
    if (output === null) return messages.length === 0 ? [{ isKnown: true, messages }] : []
    return messages[0] === JSON.stringify(output) ? [rest, ...older] : older
  },
  key: keyOfMessages,
})

/**
 * Decides a queue of distinct messages in O(n log n). The conditions of a bag must hold, and messages must be first in,
 * first out. A message precedes another if its enqueue returned before the other's enqueue was called. It also precedes
 * the other if its dequeue returned before the other's dequeue was called. These times are narrowed beforehand, because
 * the enqueue of a message takes effect before its dequeue. Both relations are interval orders, and their union has a
 * cycle only if two messages precede each other (Henzinger, Sezgin & Vafeiadis, CONCUR 2013; Bouajjani, Emmi, Enea &
 * Hamza, ICALP 2015).
 *
 * A dequeue that found nothing is a moment at which each message either is still to come or has left. Any order of the
 * messages that respects the relations can be extended to an order of all operations. It respects real time if each
 * operation takes effect as late as possible.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const messages = lifetimes(part, initial, budget)
  if ('result' in messages) return messages
  if (messages.repeated) return NOT_APPLICABLE
  const gaps = momentsOf(messages, part, budget)
  if ('result' in gaps) return gaps
  const lives = withTaken(part, messages, gaps, budget)
  if ('result' in lives) return lives
  for (const [n, at] of gaps.entries()) {
    const dequeue = messages.empties[n]
    lives.push({ enqueue: -1, dequeue, enqueueFrom: at, enqueued: at, dequeueFrom: at, dequeued: at })
  }
  const sequence = inOrder(lives, budget)
  return 'result' in sequence ? sequence : { result: 'met', order: replayLate(sequence, budget) }
}

/**
 * Pairs dequeues of unknown outcome with the messages that they must have taken. A message must be gone before a moment
 * at which the queue was empty. It must also be gone before the dequeue of a message that was enqueued strictly later.
 * Messages leave in the order in which they were enqueued, so the dequeues called first are paired with the messages
 * enqueued first. Returns a conflict if too few of the dequeues were called in time.
 */
function withTaken(part: Part, messages: Lives, gaps: readonly number[], budget: Budget): Life[] | FastAnswer {
  const { lives, unknown } = messages
  const beforeEmpty = new Map(takenBefore(messages, gaps, budget).map((taking) => [taking.life, taking]))
  const stayed = lives.filter(({ dequeue }) => dequeue === -1).sort(ticking((a, b) => b.enqueued - a.enqueued, budget))
  const result = lives.filter(({ dequeue }) => dequeue !== -1)
  const byEnqueue = result.toSorted(ticking((a, b) => b.enqueueFrom - a.enqueueFrom, budget))
  const needed: Taking[] = []
  let earliest: Life | undefined
  let next = 0
  for (const life of stayed) {
    budget.tick()
    for (; next < byEnqueue.length && byEnqueue[next].enqueueFrom > life.enqueued; next++) {
      if (byEnqueue[next].dequeued < (earliest?.dequeued ?? NEVER)) earliest = byEnqueue[next]
    }
    const byEmpty = beforeEmpty.get(life)
    if (earliest !== undefined && earliest.dequeued < (byEmpty?.before ?? NEVER))
      needed.push({ life, before: earliest.dequeued, evidence: operationsOf(earliest) })
    else if (byEmpty !== undefined) needed.push(byEmpty)
    else result.push(life)
  }
  const taken = takeByUnknown(needed.reverse(), unknown, part.calls)
  if ('result' in taken) return taken
  for (const { life, dequeue } of taken) {
    // `dequeued` is NEVER - 1 for a message that a dequeue of unknown outcome took. It is NEVER for messages that are
    // never dequeued, so these come later.
    const dequeueFrom = Math.max(part.calls[dequeue], life.enqueueFrom)
    result.push({ ...life, dequeue, dequeueFrom, dequeued: NEVER - 1 })
  }
  return result
}

/**
 * Returns the messages in an order that agrees with the relation "precedes" (see `fast`). Repeatedly takes a message
 * that no remaining message precedes. If there is none, returns a conflict of two messages that precede each other.
 */
function inOrder(lives: readonly Life[], budget: Budget): readonly Life[] | FastAnswer {
  const all = lives.map((_, i) => i)
  const ascending = (moment: (life: Life) => number): readonly number[] =>
    all.toSorted(ticking((a, b) => moment(lives[a]) - moment(lives[b]), budget))
  const byEnqueueFrom = ascending(({ enqueueFrom }) => enqueueFrom)
  const byEnqueued = ascending(({ enqueued }) => enqueued)
  const byDequeueFrom = ascending(({ dequeueFrom }) => dequeueFrom)
  const byDequeued = ascending(({ dequeued }) => dequeued)
  const isGone = new Uint8Array(lives.length)
  const passed = new Uint8Array(lives.length)
  const ready: number[] = []
  const sequence: Life[] = []
  const at = { enqueueFrom: 0, enqueued: 0, dequeueFrom: 0, dequeued: 0 }
  const pass = (i: number): void => {
    if (++passed[i] === 2) ready.push(i)
  }
  while (sequence.length < lives.length) {
    budget.tick()
    while (isGone[byEnqueued[at.enqueued]] === 1) at.enqueued++
    while (isGone[byDequeued[at.dequeued]] === 1) at.dequeued++
    const firstEnqueued = lives[byEnqueued[at.enqueued]].enqueued
    const firstDequeued = lives[byDequeued[at.dequeued]].dequeued
    // A message has no predecessor if its enqueue begins before the first end of an enqueue, and its dequeue begins
    // before the first end of a dequeue, among the remaining messages.
    while (at.enqueueFrom < all.length && lives[byEnqueueFrom[at.enqueueFrom]].enqueueFrom <= firstEnqueued)
      pass(byEnqueueFrom[at.enqueueFrom++])
    while (at.dequeueFrom < all.length && lives[byDequeueFrom[at.dequeueFrom]].dequeueFrom <= firstDequeued)
      pass(byDequeueFrom[at.dequeueFrom++])
    const minimal = ready.pop()
    if (minimal === undefined) {
      // Every remaining message X has a predecessor: one whose enqueue ended before X's enqueue began, or whose dequeue
      // ended before X's dequeue began. Let E be the message whose enqueue ended first, and D the one whose dequeue
      // ended first.
      // - E's predecessor cannot have an enqueue that ended before E's, so its dequeue ended before E's dequeue began.
      //   D's dequeue ended no later, so D precedes E.
      // - D's predecessor cannot have a dequeue that ended before D's, so its enqueue ended before D's enqueue began.
      //   E's enqueue ended no later, so E precedes D.
      return violated([lives[byEnqueued[at.enqueued]], lives[byDequeued[at.dequeued]]].flatMap(operationsOf))
    }
    isGone[minimal] = 1
    sequence.push(lives[minimal])
  }
  return sequence
}

function replayLate(sequence: readonly Life[], budget: Budget): Int32Array {
  const moments: { readonly time: number; readonly at: number; readonly isEnqueue: boolean }[] = []
  for (const [at, { enqueue, dequeue, enqueued, dequeued }] of sequence.entries()) {
    budget.tick()
    if (enqueue !== -1) moments.push({ time: enqueued, at, isEnqueue: true })
    if (dequeue !== -1) moments.push({ time: dequeued, at, isEnqueue: false })
  }
  moments.sort(ticking((a, b) => a.time - b.time, budget))
  const order: number[] = []
  let entered = 0
  let left = 0
  const leaveUpTo = (at: number): void => {
    while (left <= at) {
      const next = left
      enterUpTo(next)
      // If this is a dequeue that found nothing, `enterUpTo` has already handled it.
      if (left > next) continue
      left++
      const { dequeue } = sequence[next]
      if (dequeue !== -1) order.push(dequeue)
    }
  }
  const enterUpTo = (at: number): void => {
    while (entered <= at) {
      const { enqueue } = sequence[entered]
      entered++
      if (enqueue !== -1) order.push(enqueue)
      // All messages before a dequeue that found nothing must have left.
      else leaveUpTo(entered - 1)
    }
  }
  for (const { at, isEnqueue } of moments) {
    budget.tick()
    if (isEnqueue) enterUpTo(at)
    else leaveUpTo(at)
  }
  return Int32Array.from(order)
}

function simulate(part: Part): (i: number) => boolean {
  const messages: number[] = []
  let head = 0
  return (i) => {
    if (part.f[i] === ENQUEUE) return messages.push(part.input[i]) > 0
    if (part.returns[i] === NEVER) {
      head = Math.min(head + 1, messages.length)
      return true
    }
    if (part.output[i] === NULL_ID) return head === messages.length
    return messages[head++] === part.output[i]
  }
}
