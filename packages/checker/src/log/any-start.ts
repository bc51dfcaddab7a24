import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { readAtStart } from './at-start.ts'
import { sparseFrom } from './sparse.ts'

/** Reads reveal the entries that were there at the start, those before known ones first. */
export const logFromAny: AnyStart = {
  specification: (history) => sparseFrom(null, history, true),
  guesses: guessNothing,
  leastStarts: readAtStart,
}
