import type { Json } from '@chaos/history'
import { type Budget, OUT_OF_TIME } from '../budget.ts'
import { createCompletion } from '../counterexample/sources.ts'
import { type Encoded, restrict } from '../encoded.ts'
import { likelyStart } from '../linearizable/small.ts'
import { partition } from '../partition.ts'
import { type Choice, choicesAmong, settled } from './choices.ts'
import { UNMENTIONED } from './unknown.ts'

interface Answer {
  readonly result: 'met' | 'violated' | 'unknown'
}

/** How a level is decided whose keys may not be looked at one by one. */
export interface Question<Known extends Answer> {
  /** Of operations whose start is settled. */
  readonly decide: (operations: Encoded) => Known
  /** The same of a few operations, with less patience. */
  readonly decideFew: (operations: Encoded) => Known
  /** A few operations (ascending) that contradict each other, for the start that was settled on; undefined for too many. */
  readonly contradiction: (operations: Encoded, answer: Known) => readonly number[] | undefined
}

/** What comes of a history, and the start that it is for. */
export type FromAny<Known> =
  | { readonly result: 'met'; readonly answer: Known; readonly operations: Encoded }
  /** These contradict each other whatever was there at the start. */
  | { readonly result: 'violated'; readonly involved: readonly number[] }
  | { readonly result: 'unknown'; readonly reason: string }

/** So many starts are tried for the whole history. */
const MOST_STARTS = 24

/** From more operations than this no other start is looked for. */
const MOST_INVOLVED = 400

const NOT_KNOWN =
  'nobody knows what was there at the start; with what was tried the level does not hold, and what was left cannot be ruled out'

/**
 * Decides a history of unknown start (see `Encoded.anyStart`): one start is taken; if some operations contradict it, they and
 * those found before are tried with every start that matters to them. Where all are contradicted nothing explains the
 * history, since no operation was left out that an observation among them may rest on. Otherwise the next one is taken.
 *
 * @throws OutOfTime
 */
export function decideFromAny<Known extends Answer>(
  encoded: Encoded,
  question: Question<Known>,
  first: Choice,
  jsonOf: (name: number) => Json,
  budget: Budget,
): FromAny<Known> {
  const complete = createCompletion(encoded, 'process order', jsonOf, budget)
  let choice = first
  let involved: readonly number[] = []
  for (let tried = 0; tried < MOST_STARTS; tried++) {
    const operations = settled(encoded, choice)
    const answer = question.decide(operations)
    if (answer.result === 'met') return { result: 'met', answer, operations }
    if (answer.result === 'unknown') return { result: 'unknown', reason: reasonOf(answer) }
    const contradiction = question.contradiction(operations, answer)
    if (contradiction === undefined) break
    involved = complete([...involved, ...contradiction])
    if (involved.length > MOST_INVOLVED) break
    const next = decideFew(restrict(encoded, involved), question, jsonOf, budget)
    if (next === 'violated') return { result: 'violated', involved }
    if (next === 'unknown') break
    // What was shown may have been cut short, and then contradicts nothing.
    if ([...next.choice].every(([key, id]) => (choice.get(key) ?? UNMENTIONED) === id)) break
    choice = new Map([...choice, ...next.choice])
  }
  return { result: 'unknown', reason: NOT_KNOWN }
}

const reasonOf = (answer: Answer): string =>
  'reason' in answer && typeof answer.reason === 'string' ? answer.reason : OUT_OF_TIME

interface Explained<Known> {
  readonly choice: Choice
  readonly answer: Known
}

/** A start that explains a few operations; or that none does. */
export function decideFew<Known extends Answer>(
  encoded: Encoded,
  { decideFew: decide }: Pick<Question<Known>, 'decideFew'>,
  jsonOf: (name: number) => Json,
  budget: Budget,
): Explained<Known> | 'violated' | 'unknown' {
  const { all, isComplete } = choicesAmong(encoded, jsonOf)
  let isUnclear = !isComplete
  for (const choice of all) {
    budget.look()
    const answer = decide(settled(encoded, choice))
    if (answer.result === 'met') return { choice, answer }
    if (answer.result === 'unknown') isUnclear = true
  }
  return isUnclear ? 'unknown' : 'violated'
}

/** How a few operations are decided: by the likeliest start that is not contradicted, or the likeliest contradiction. */
export function answerForFew<Known extends Answer>(
  encoded: Encoded,
  decide: (operations: Encoded) => Known,
  unknown: () => Known,
  jsonOf: (name: number) => Json,
): Known {
  if (!encoded.anyStart) return decide(encoded)
  const { all, isComplete } = choicesAmong(encoded, jsonOf)
  let violated: Known | undefined
  for (const choice of all) {
    const answer = decide(settled(encoded, choice))
    if (answer.result !== 'violated') return answer
    violated ??= answer
  }
  return isComplete && violated !== undefined ? violated : unknown()
}

/** Of each key what makes it linearizable, as far as that is quickly seen; the start to try first at weaker levels. */
export function likelyStarts(encoded: Encoded, jsonOf: (name: number) => Json, budget: Budget): Choice {
  const choice = new Map<number, number>()
  for (const part of partition(encoded, budget)) {
    budget.look()
    if (part.length > 0) choice.set(part.key[0], likelyStart(part, jsonOf, budget))
  }
  return choice
}
