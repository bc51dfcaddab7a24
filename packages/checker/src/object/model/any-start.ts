import { type History, type Json, UserError } from '@chaosproxy/history'
import type { ByStart } from '../../judge/entry.ts'
import type { Specification } from '../../judge/model.ts'
import type { Budget } from '../../limits/budget.ts'
import type { LeastStarts } from './least-start.ts'
import type { Part } from './part.ts'

/** How to judge an object whose initial state is unknown. */
export interface AnyStart {
  /** The object with nothing known yet: a state is what follows from the results so far, several if ambiguous. */
  readonly specification: Specification<unknown> | ((history: History) => Specification<unknown>)
  /** Possible initial values, to be tried by the faster methods for known initial values. @throws OutOfTime */
  readonly guesses: (part: Part, budget: Budget) => Guesses
  /** As in `ObjectModel`: operations that contradict each other whatever the initial value. @throws OutOfTime */
  readonly refute?: (part: Part, budget: Budget) => readonly number[] | undefined
  /** Observations that only the initial value explains, so that it could hide a bug; absent if there are none. */
  readonly byStart?: (history: History) => ByStart
  /** The initial values by which `decidedByStart` judges again. */
  readonly leastStarts?: (history: History) => LeastStarts
}

export interface Guesses {
  readonly starts: readonly Json[]
  /** Whether nothing explains the operations if none of these does. */
  readonly isComplete: boolean
}

/** The most initial values to try. */
export const MOST_GUESSES = 64

/** As if it had been empty initially. */
export const guessNothing = (): Guesses => ({ starts: [null], isComplete: false })

/** The distinct values, in order of their texts. */
export const sorted = (texts: Iterable<string>): readonly string[] => [...new Set(texts)].sort()

/** The elements that an object begins with; null stands for none. @throws UserError */
export function listAtFirst(initial: Json, kind: string, example: string = '[1,2]'): readonly Json[] {
  if (initial === null) return []
  if (Array.isArray(initial)) return initial
  throw new UserError(
    'usage',
    `the initial value of the ${kind} is ${JSON.stringify(initial)}, which is not a list. Give a list, e.g. ${example}.`,
  )
}
