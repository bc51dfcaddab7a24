import type { Specification } from '../judge/model.ts'
import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { noneCameOut, takenAtStart } from './at-start.ts'
import { enqueuedBy } from './messages.ts'

/** Messages put in and not taken out. Until it was found empty, initial ones may be left too. */
interface Messages {
  readonly isKnown: boolean
  readonly messages: readonly string[]
}

const initial: Messages = { isKnown: false, messages: [] }
const key = ({ isKnown, messages }: Messages): string => `${isKnown ? '=' : '+'}${messages.join(' ')}`

/** In any order: a message that was put in is taken before an equal initial one, which leaves the most possibilities. */
const bag: Specification<Messages> = {
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
    if (output === undefined) return [state, ...[...new Set(messages)].map(without)]
    if (output === null) return messages.length === 0 ? [{ isKnown: true, messages }] : []
    const message = JSON.stringify(output)
    if (messages.includes(message)) return [without(message)]
    return isKnown ? [] : [state]
  },
  key,
}

/** In order: once a message that was put in comes out, no initial one is left. */
const queue: Specification<Messages> = {
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
  key,
}

export const bagFromAny: AnyStart = {
  specification: bag,
  guesses: guessNothing,
  byStart: noneCameOut('bag'),
  leastStarts: takenAtStart,
}
export const queueFromAny: AnyStart = {
  specification: queue,
  guesses: guessNothing,
  byStart: noneCameOut('queue'),
  leastStarts: takenAtStart,
}
