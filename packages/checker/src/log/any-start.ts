import type { AnyStart } from '../object/model/any-start.ts'
import { guessNothing } from '../object/model/any-start.ts'
import { logByStart } from './by-start.ts'
import { sparseFrom } from './sparse.ts'

/** Reads reveal the entries that were there at the start, those before known ones first. */
export const logFromAny: AnyStart = {
  specification: (history) => sparseFrom(null, history, true),
  guesses: guessNothing,
  byStart: logByStart,
}
