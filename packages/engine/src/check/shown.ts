import { type ApartAnswer, togetherApart } from '@chaosproxy/checker'
import type { Signs } from '@chaosproxy/runner'

export interface Shown {
  readonly answer: ApartAnswer
  readonly signs: Signs
}

type Limit = Extract<ApartAnswer, { readonly result: 'unknown' }>['limit']

export const showsOnly = (answer: ApartAnswer): Shown => ({ answer, signs: { hasNews: false, leavesOut: false } })

/** The result of work that was ended at a limit. */
export const undecidedAt = (limit: Limit): Shown => showsOnly({ result: 'unknown', limit, undecided: 1, keys: 1 })

export const together = (shown: readonly Shown[]): Shown => ({
  answer: togetherApart(shown.map(({ answer }) => answer)),
  signs: {
    hasNews: shown.some(({ signs }) => signs.hasNews),
    leavesOut: shown.some(({ signs }) => signs.leavesOut),
  },
})
