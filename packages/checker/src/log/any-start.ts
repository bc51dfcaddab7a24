import { type AnyStart, guessNothing } from '../object/model/any-start.ts'
import { readAtStart } from './at-start.ts'
import { sparseFrom } from './sparse.ts'

/** Reads reveal the initial entries; those before known ones come first. */
export const logFromAny: AnyStart = {
  specification: (history) => sparseFrom(null, history, true),
  guesses: guessNothing,
  leastStarts: readAtStart,
}
