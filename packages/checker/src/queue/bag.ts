import type { Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import type { Specification } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import type { ObjectEntry } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { type FastAnswer, orderByMoment } from '../object/model/slots.ts'
import { NULL_ID, takeByUnknown } from './gaps.ts'
import { lifetimes, momentsOf, takenBefore } from './lives.ts'
import { enqueuedBy, keyOfMessages, type Messages, messageObject } from './messages.ts'
import { ENQUEUE, messagesAtFirst, queueFunctions } from './operations.ts'

/** Messages in any order. A dequeue that returns null found nothing, so null cannot be a message. */
export const bag: ObjectEntry = {
  name: 'bag',
  aliases: ['total-queue', 'unordered-queue'],
  summary: 'messages that are taken out in any order',
  functions: queueFunctions,
  levels: ['linearizable', 'eventual'],
  object: messageObject({
    rule: 'a bag hands out each message once',
    isInOrder: false,
    specification: (initial) => bagFrom({ isKnown: true, messages: messagesAtFirst(initial).toSorted() }),
    fast,
    simulate,
  }),
}

/**
 * The bag with unknown initial content. Of equal messages, an enqueued one is taken before an initial one, because this
 * leaves the most possibilities.
 */
export const bagFrom = (initial: Messages): Specification<Messages> => ({
  initial,
  step: (state, operation) => {
    const { isKnown, messages } = state
    const enqueued = enqueuedBy(operation)
    if (enqueued !== undefined) return [{ isKnown, messages: [...messages, enqueued].sort() }]
    const { output } = operation
    const without = (message: string): Messages => ({
      isKnown,
      messages: messages.toSpliced(messages.indexOf(message), 1),
    })
    // The dequeue may have taken any one message, or none.
    if (output === undefined) return [state, ...[...new Set(messages)].map(without)]
    if (output === null) return messages.length === 0 ? [{ isKnown: true, messages }] : []
    const message = JSON.stringify(output)
    if (messages.includes(message)) return [without(message)]
    return isKnown ? [] : [state]
  },
  key: keyOfMessages,
})

/**
 * Decides a bag of distinct messages, in O(n log n). Messages do not affect each other. Each enqueue must begin before
 * the message's single dequeue returns. A dequeue that found nothing needs a moment at which the bag may be empty (see
 * `findGap`). Any such moment will do, because each message can come after the moment or leave before it. If no dequeue
 * found nothing, messages need not be distinct.
 */
function fast(part: Part, initial: Json, budget: Budget): FastAnswer {
  const messages = lifetimes(part, initial, budget)
  if ('result' in messages) return messages
  const { lives, empties, unknown } = messages
  const moments: { readonly at: number; readonly operation: number }[] = []
  const gaps = momentsOf(messages, part, budget)
  if ('result' in gaps) return gaps
  for (const [n, empty] of empties.entries()) moments.push({ at: gaps[n], operation: empty })
  for (const { enqueue, dequeue, enqueued, dequeueFrom } of lives) {
    // An overlapping enqueue takes effect together with the dequeue, when the latter begins.
    const together = enqueued >= dequeueFrom
    if (enqueue !== -1) moments.push({ at: together ? dequeueFrom : enqueued, operation: enqueue })
    if (dequeue !== -1) moments.push({ at: dequeueFrom, operation: dequeue })
  }
  const taken = takeByUnknown(takenBefore(messages, gaps, budget), unknown, part.calls)
  if ('result' in taken) return taken
  for (const { dequeue, before } of taken) moments.push({ at: before - QUARTER, operation: dequeue })
  return { result: 'met', order: orderByMoment(moments, budget) }
}

/**
 * The distance, in event positions, from a dequeue of unknown outcome to the later moment at which the bag must be
 * empty. The moment is half a position after an event (see `findGap`), so the dequeue comes between the event and the
 * moment.
 */
const QUARTER = 0.25

function simulate(part: Part): (i: number) => boolean {
  const messages = new Map<number, number>()
  let size = 0
  let unknown = 0
  const change = (message: number, by: number): boolean => {
    const count = (messages.get(message) ?? 0) + by
    messages.set(message, count)
    size += by
    return count >= 0
  }
  return (i) => {
    if (part.f[i] === ENQUEUE) return change(part.input[i], 1)
    if (part.returns[i] === NEVER) return ++unknown > 0
    if (part.output[i] !== NULL_ID) return change(part.output[i], -1)
    // The queue can be empty only if dequeues of unknown outcome took all remaining messages.
    const isEmpty = size <= unknown
    unknown -= size
    size = 0
    messages.clear()
    return isEmpty
  }
}
