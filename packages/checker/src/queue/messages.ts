import { functionOf, type History, type Json } from '@chaosproxy/history'
import { type ObjectOperation, WrongValue } from '../judge/model.ts'
import type { ObjectModel } from '../object/model/object-model.ts'
import { unheardOf } from '../object/model/words.ts'
import { accountOfQueue } from './account.ts'
import { endingOfMessages, messagesAtEnd } from './ending.ts'
import { glanceAtMessages } from './glance.ts'
import { drainExpands, ENQUEUE, messagesAtFirst, NO_MESSAGE, queueNumbers } from './operations.ts'

interface Kind extends Required<Pick<ObjectModel, 'rule' | 'specification' | 'fast' | 'simulate'>> {
  /** Whether messages are dequeued in the order of their enqueues. */
  readonly isInOrder: boolean
}

/** The messages in the queue. If `isKnown` is false, the queue may also contain initial messages, which are unknown. */
export interface Messages {
  readonly isKnown: boolean
  readonly messages: readonly string[]
}

export const keyOfMessages = ({ isKnown, messages }: Messages): string => `${isKnown ? '=' : '+'}${messages.join(' ')}`

export const messageObject = ({ isInOrder, ...kind }: Kind): ObjectModel => ({
  ...kind,
  numbers: queueNumbers,
  repeats: [ENQUEUE],
  reads: [],
  observation: {
    what: 'dequeue or drain',
    functions: Object.keys(queueNumbers).filter((f) => queueNumbers[f] !== ENQUEUE),
  },
  expands: drainExpands,
  beside: besideOfMessage,
  glance: (part, initial, budget) =>
    messagesAtFirst(initial).length > 0
      ? undefined
      : glanceAtMessages(part, isInOrder, (some) => kind.fast(some, initial, budget), budget),
  readsElements: -1,
  account: accountOfQueue,
  ending: endingOfMessages,
  eventual: messagesAtEnd,
})

export function enqueuedBy({ f, value }: ObjectOperation): string | undefined {
  if (queueNumbers[f] !== ENQUEUE) return undefined
  if (value === null) throw new WrongValue(NO_MESSAGE)
  return JSON.stringify(value)
}

const givers = Object.keys(queueNumbers).filter((f) => queueNumbers[f] === ENQUEUE)

function besideOfMessage(
  history: History,
  row: number,
  { initial, output }: { readonly initial: Json; readonly output: number },
): string | undefined {
  if (queueNumbers[functionOf(history, row)] === ENQUEUE) return undefined
  return unheardOf(history, row, output, { givers, given: 'enqueued', initial })
}
