import { type Decoder, type Encoded, later, NEVER, restrict } from '../../encoding/encoded.ts'
import { range } from '../../encoding/lists.ts'
import { type Budget, inTime, isSure } from '../../limits/budget.ts'
import { asCore, type Counterexample } from '../../verdict/verdict.ts'
import { ALLOWED_LOOKS, type Case, located, showInvolved } from '../counterexample/involved.ts'
import { limit, reduce, watched, windows } from '../counterexample/reduce.ts'
import { createCompletion } from '../counterexample/sources.ts'
import { type Answer, answerForFew, type FewQuestion } from './any.ts'

/**
 * How to explain a violation of a level that considers all keys together: how to judge a few operations by this level,
 * and how to describe a contradiction between them.
 */
export interface Explanation<Known extends Answer> {
  readonly level: Counterexample['level']
  readonly questionOf: (budget: Budget) => FewQuestion<Known>
  /** Returns the answer to give when time runs out. */
  readonly unknown: () => Known
  /** Returns a sentence about `count` contradictory operations, for use without a precise description. */
  readonly inGeneral: (count: number) => string
  readonly wordsOf: (set: Encoded, answer: Known) => Pick<Counterexample, 'sentence' | 'edges' | 'culprit'>
}

/** Explains a violation of a level that considers all keys, by as few operations as the time allows. */
export function explained<Known extends Answer>(
  { encoded, violated }: Case<Known>,
  explanation: Explanation<Known>,
  decoder: Decoder,
  budget: Budget,
): Counterexample {
  const { level, questionOf, inGeneral } = explanation
  const watch = watched(budget)
  const involved = later(() => questionOf(budget).involved(encoded, violated))
  return inTime(
    () => {
      const seek = (some: Encoded): Known => findAmong(some, explanation, decoder, watch.budget)
      return cutDown(located({ encoded, violated }, involved, seek), encoded.length, explanation, decoder, watch)
    },
    () =>
      showInvolved({
        level,
        encoded,
        involved: involved(),
        why: watch.limit() ?? 'time',
        violates: (some, allowance) => findAmong(some, explanation, decoder, allowance).result === 'violated',
        sentence: inGeneral(encoded.length),
      }),
  )
}

/** @throws OutOfTime */
export const findAmong = <Known extends Answer>(
  some: Encoded,
  { questionOf, unknown }: Pick<Explanation<Known>, 'questionOf' | 'unknown'>,
  { value }: Decoder,
  budget: Budget,
): Known => answerForFew(some, questionOf(budget), unknown, value, budget)

/** @throws OutOfTime if there is no time to begin. */
function cutDown<Known extends Answer>(
  { encoded, violated }: Case<Known>,
  among: number,
  explanation: Explanation<Known>,
  decoder: Decoder,
  { budget, limit: limitReached }: ReturnType<typeof watched>,
): Counterexample {
  const { level, questionOf, unknown, wordsOf } = explanation
  const seek = (some: Encoded): Known => findAmong(some, explanation, decoder, budget)
  const all = range(0, encoded.length)
  const reduced =
    reduce(
      {
        starts: [questionOf(budget).involved(encoded, violated) ?? [], ...windows(encoded, NEVER, budget)],
        complete: createCompletion(encoded, 'process order', decoder.value, budget),
        contradicts: (some) => seek(restrict(encoded, some)).result === 'violated',
      },
      budget,
    ) ?? all
  const makesSure = (some: readonly number[]): boolean =>
    isSure(
      (allowance) => findAmong(restrict(encoded, some), explanation, decoder, allowance).result === 'violated',
      ALLOWED_LOOKS,
    )
  const { kept, uncut } = limit(reduced, encoded, { among, limit: limitReached(), makesSure })
  const set = restrict(encoded, kept)
  const again = inTime(() => seek(set), unknown)
  const keys = [...new Set(kept.map((i) => decoder.keyName(encoded.key[i])))].filter((name) => name !== undefined)
  return {
    level,
    ...wordsOf(set, again),
    operations: asCore(set.row),
    keys,
    uncut,
  }
}
