import type { Json } from '@chaosproxy/history'
import type { Budget } from '../../budget.ts'
import type { Specification } from '../../models/model.ts'
import type { ObjectModel } from '../../objects/object-model.ts'
import type { Part } from '../../objects/part.ts'

/** How an object is judged where nobody knows what it was at the start. */
export interface AnyStart {
  /**
   * The object when nothing is known of it yet: a state is what has followed from the results so far, and where that is not
   * certain there are several.
   */
  readonly specification: Specification<unknown>
  /**
   * What it may have been, to be tried by the quicker ways that there are from a known start.
   *
   * @throws OutOfTime
   */
  readonly guesses: (part: Part, budget: Budget) => Guesses
  /** See `ObjectModel`: only where it does not rest on what was there. */
  readonly supports?: ObjectModel['supports']
}

export interface Guesses {
  readonly starts: readonly Json[]
  /** Whether nothing explains the operations if none of these does. */
  readonly isComplete: boolean
}

/** So many starts are tried. */
export const MOST_GUESSES = 64

/** Where it began with nothing, or by chance as good as that. */
export const guessNothing = (): Guesses => ({ starts: [null], isComplete: false })

/** The values, each once, in order of their texts. */
export const sorted = (texts: Iterable<string>): readonly string[] => [...new Set(texts)].sort()
