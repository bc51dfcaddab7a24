import { elementsOf, type History, type Json } from '@chaosproxy/history'
import { NEVER } from '../encoding/encoded.ts'
import { type ObjectOperation, WrongValue } from '../judge/model.ts'
import type { Budget } from '../limits/budget.ts'
import { closedUnder, type ObjectModel, relatedByGroups } from '../object/model/object-model.ts'
import type { Part } from '../object/model/part.ts'
import { unheardOf } from '../object/model/words.ts'
import { accountOfQueue } from './account.ts'
import { endingOfMessages, messagesAtEnd } from './ending.ts'
import { NULL_ID } from './gaps.ts'
import { glanceAtMessages } from './glance.ts'
import { DEQUEUE, drainExpands, ENQUEUE, messagesAtFirst, NO_MESSAGE, queueNumbers } from './operations.ts'

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
  repeats: [ENQUEUE],
  reads: [],
  observation: {
    what: 'dequeue or drain',
    functions: Object.keys(queueNumbers).filter((f) => queueNumbers[f] !== ENQUEUE),
  },
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
  ending: endingOfMessages,
  eventual: messagesAtEnd,
})

/** The text of the message that an enqueue adds; undefined for other operations. */
export function enqueuedBy({ f, value }: ObjectOperation): string | undefined {
  if (queueNumbers[f] !== ENQUEUE) return undefined
  if (value === null) throw new WrongValue(NO_MESSAGE)
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
 * An operation on a message brings along everything done to that message, everything done to initial ones, which would
 * be in the way otherwise, and the dequeues of unknown outcome, which may have taken any.
 */
function relatedByMessage(part: Part, budget: Budget, initial: Json): (chosen: Iterable<number>) => readonly number[] {
  return relatedTo(part, budget, initial, (i) => part.f[i] === DEQUEUE && part.returns[i] === NEVER)
}

/** Messages stay complete; dequeues of unknown outcome that change nothing are left out. */
export function supportsByMessage(part: Part, budget: Budget, initial: Json): (some: readonly number[]) => boolean {
  return closedUnder(relatedTo(part, budget, initial, () => false))
}

function relatedTo(
  part: Part,
  budget: Budget,
  initial: Json,
  always: (i: number) => boolean,
): (chosen: Iterable<number>) => readonly number[] {
  const first = new Set(elementsOf(initial)?.map((value) => part.history.values.id(value) as number))
  const messagesIn = messagesOf(part)
  const isFirst = (i: number): boolean => messagesIn(i).some((message) => first.has(message))
  const related = relatedByGroups(part, messagesIn, budget, (i) => always(i) || isFirst(i))
  return withWholeRows(part, related, budget)
}

/** Longer drains may be divided: their operations are too many to be shown. */
const MOST_TOGETHER = 200

/** A drain stands for several operations, of which all or none are shown; what they depend on is needed, too. */
function withWholeRows(
  part: Part,
  related: (chosen: Iterable<number>) => readonly number[],
  budget: Budget,
): (chosen: Iterable<number>) => readonly number[] {
  const { row } = part
  const isShared = (i: number): boolean => row[i] === row[i - 1] || row[i] === row[i + 1]
  if (!part.f.some((_, i) => isShared(i))) return related
  return (chosen) => {
    let kept = related(chosen)
    for (;;) {
      const whole = new Set(kept)
      for (const i of kept) {
        if (!isShared(i)) continue
        let from = i
        let to = i
        while (row[from - 1] === row[i]) from--
        while (row[to + 1] === row[i]) to++
        if (to - from > MOST_TOGETHER) continue
        for (let j = from; j <= to; j++) {
          budget.tick()
          whole.add(j)
        }
      }
      if (whole.size === kept.length) return kept
      kept = related(whole)
    }
  }
}
