import type { History, Json } from '@chaosproxy/history'
import type { Budget } from '../budget.ts'
import { NEVER } from '../encoded.ts'
import { closedUnder, type ObjectModel, relatedByGroups } from '../objects/object-model.ts'
import type { Part } from '../objects/part.ts'
import { unheardOf } from '../objects/words.ts'
import { NULL_ID } from './gaps.ts'
import { glanceAtMessages } from './message-glance.ts'
import type { ObjectOperation } from './model.ts'
import { accountOfQueue } from './queue-account.ts'
import { DEQUEUE, drainExpands, ENQUEUE, messagesAtFirst, NO_MESSAGE, queueNumbers } from './queue-operations.ts'

/** What queues and bags differ in. */
interface Messages extends Pick<ObjectModel, 'rule' | 'specification'> {
  /** Whether messages come out in the order they were put in. */
  readonly isInOrder: boolean
  readonly fast: NonNullable<ObjectModel['fast']>
  readonly simulate: NonNullable<ObjectModel['simulate']>
}

/** An object that messages are put into, and taken out of once. */
export const messageObject = ({ rule, isInOrder, specification, fast, simulate }: Messages): ObjectModel => ({
  rule,
  numbers: queueNumbers,
  reads: [],
  expands: drainExpands,
  beside: besideOfMessage,
  specification,
  fast,
  glance: (part, initial, budget) =>
    messagesAtFirst(initial).length > 0
      ? undefined
      : glanceAtMessages(part, isInOrder, (some) => fast(some, initial, budget), budget),
  simulate,
  related: relatedByMessage,
  supports: supportsByMessage,
  account: accountOfQueue,
})

/** The text of the message that an enqueue adds; undefined for other operations. */
export function enqueuedBy({ f, value }: ObjectOperation): string | undefined {
  if (queueNumbers[f] !== ENQUEUE) return undefined
  if (value === null) throw new Error(NO_MESSAGE)
  return JSON.stringify(value)
}

function messagesOf(part: Part): (i: number) => readonly number[] {
  return (i) => (part.f[i] === ENQUEUE ? [part.input[i]] : part.output[i] === NULL_ID ? [] : [part.output[i]])
}

const givers = Object.keys(queueNumbers).filter((f) => queueNumbers[f] === ENQUEUE)

function besideOfMessage(history: History, row: number, initial: Json): string | undefined {
  if (queueNumbers[history.functions[history.operations.f[row]]] === ENQUEUE) return undefined
  return unheardOf(history, row, { givers, given: 'enqueued', initial })
}

/**
 * An operation on a message brings along everything done to that message, and the dequeues of unknown outcome, which
 * may have taken any.
 */
function relatedByMessage(part: Part, budget: Budget): (chosen: Iterable<number>) => readonly number[] {
  return relatedByGroups(part, messagesOf(part), budget, (i) => part.f[i] === DEQUEUE && part.returns[i] === NEVER)
}

/** Messages stay complete; dequeues of unknown outcome that change nothing are left out. */
export function supportsByMessage(part: Part, budget: Budget): (some: readonly number[]) => boolean {
  return closedUnder(relatedByGroups(part, messagesOf(part), budget))
}
