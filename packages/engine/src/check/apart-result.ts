import { type ApartAnswer, togetherApart } from '@chaosproxy/checker'
import type { Signs } from '@chaosproxy/runner'

export interface ApartResult {
  readonly answer: ApartAnswer
  readonly signs: Signs
}

type Limit = Extract<ApartAnswer, { readonly result: 'unknown' }>['limit']

export const withoutSigns = (answer: ApartAnswer): ApartResult => ({
  answer,
  signs: { hasNews: false, leavesOut: false },
})

/** The result of work that was ended at a limit. */
export const undecidedAt = (limit: Limit): ApartResult =>
  withoutSigns({ result: 'unknown', limit, undecided: 1, keys: 1 })

export const together = (results: readonly ApartResult[]): ApartResult => ({
  answer: togetherApart(results.map(({ answer }) => answer)),
  signs: {
    hasNews: results.some(({ signs }) => signs.hasNews),
    leavesOut: results.some(({ signs }) => signs.leavesOut),
  },
})
