import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { readAtStart } from './at-start.ts'
import { sparseFrom } from './sparse.ts'

/** Judges logs with unknown initial entries, which reads show before the appended entries. */
export const logFromAny: AnyStart = {
  specification: (history) => sparseFrom(null, history, true),
  guesses: guessNothing,
  leastStarts: readAtStart,
}
