import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { noneCameOut, takenAtStart } from './at-start.ts'
import { bagFrom } from './bag.ts'
import type { Messages } from './messages.ts'
import { queueFrom } from './queue.ts'

const initial: Messages = { isKnown: false, messages: [] }

export const bagFromAny: AnyStart = {
  specification: bagFrom(initial),
  guesses: guessNothing,
  byStart: noneCameOut('bag'),
  leastStarts: takenAtStart,
}
export const queueFromAny: AnyStart = {
  specification: queueFrom(initial),
  guesses: guessNothing,
  byStart: noneCameOut('queue'),
  leastStarts: takenAtStart,
}
