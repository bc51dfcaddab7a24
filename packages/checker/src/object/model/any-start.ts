import { type History, type Json, UserError } from '@chaosproxy/history'
import type { ByStart } from '../../judge/entry.ts'
import type { Specification } from '../../judge/model.ts'
import type { Budget } from '../../limits/budget.ts'
import type { LeastStarts } from './least-start.ts'
import type { Part } from './part.ts'

/** How to judge an object whose initial state is unknown. */
export interface AnyStart {
  /** The specification. Its states follow from the results so far; ambiguous results lead to several states. */
  readonly specification: Specification<unknown> | ((history: History) => Specification<unknown>)
  /** Possible initial values, for the faster methods, which need one. @throws OutOfTime */
  readonly guesses: (part: Part, budget: Budget) => Guesses
  /**
   * Finds operations that contradict each other for every initial value, like `refute` of `ObjectModel`. @throws
   * OutOfTime
   */
  readonly refute?: (part: Part, budget: Budget) => readonly number[] | undefined
  /** Finds observations explained only by the unknown initial value, which may hide a bug. Absent if there are none. */
  readonly byStart?: (history: History) => ByStart
  /** Returns the content that each key certainly had at the start, for judging again (see `decidedByStart`). */
  readonly leastStarts?: (history: History) => LeastStarts
}

export interface Guesses {
  readonly starts: readonly Json[]
  /** Whether `starts` suffice: if none of them explains the operations, no initial value does. */
  readonly isComplete: boolean
}

export const MOST_GUESSES = 64

export const guessNothing = (): Guesses => ({ starts: [null], isComplete: false })

export const sorted = (texts: Iterable<string>): readonly string[] => [...new Set(texts)].sort()

/** The initial elements of an object; null means none. @throws UserError */
export function listAtFirst(initial: Json, kind: string, example: string = '[1,2]'): readonly Json[] {
  if (initial === null) return []
  if (Array.isArray(initial)) return initial
  throw new UserError(
    'usage',
    `the initial value of the ${kind} is ${JSON.stringify(initial)}, which is not a list. Give a list, e.g. ${example}.`,
  )
}
