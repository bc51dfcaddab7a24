import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { readAtStart } from './at-start.ts'
import { sparseFrom } from './sparse.ts'

/** Judges logs whose initial entries are unknown. Reads return these entries before the appended ones. */
export const logFromAny: AnyStart = {
  specification: (history) => sparseFrom(null, history, true),
  guesses: guessNothing,
  leastStarts: readAtStart,
}
