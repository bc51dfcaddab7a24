import type { Json } from '@chaosproxy/history'
import { DIFFERS, type Encoded, later, NOTHING, restrict } from '../../encoding/encoded.ts'
import { range } from '../../encoding/lists.ts'
import { partition } from '../../encoding/partition.ts'
import { UNMENTIONED } from '../../encoding/unknown-start.ts'
import type { Budget } from '../../limits/budget.ts'
import { notRecorded, OUT_OF_TIME, type Reason } from '../../verdict/reason.ts'
import { unknownBecause } from '../../verdict/verdict.ts'
import { createCompletion } from '../counterexample/sources.ts'
import { likelyStart } from '../linearizable/portfolio/small.ts'
import { type Choice, certainStarts, choicesAmong, settled } from '../start/choices.ts'
import { type Hides, maySeeStart } from '../start/may-see.ts'

export interface Answer {
  readonly result: 'met' | 'violated' | 'unknown'
  readonly reason?: Reason
}

type JsonOf = (name: number) => Json

/** The functions that decide a level for a few operations with known initial values. */
export interface FewQuestion<Known extends Answer> {
  readonly hides: Hides
  readonly decideFew: (operations: Encoded) => Known
  /** Returns operations that contradict each other by themselves, if such operations are known. */
  readonly involved: (operations: Encoded, answer: Known) => readonly number[] | undefined
}

/** The functions that decide a level that considers all keys together. */
export interface Question<Known extends Answer> extends FewQuestion<Known> {
  readonly decide: (operations: Encoded) => Known
  readonly contradiction: (operations: Encoded, answer: Known) => readonly number[] | undefined
}

/** The answer for a history. For `met`, `operations` is the history with the initial values that meet the level. */
export type FromAny<Known> =
  | { readonly result: 'met'; readonly answer: Known; readonly operations: Encoded }
  /** Operations that are contradictory for any initial values. */
  | { readonly result: 'violated'; readonly involved: readonly number[] }
  | { readonly result: 'unknown'; readonly reason: Reason }

/** The maximum number of choices of initial values that are tried for the whole history. */
const MOST_STARTS = 24

/**
 * The maximum number of contradictory operations that are collected (see `involved`). With more, no further choices of
 * initial values are tried.
 */
const MOST_INVOLVED = 2_000

/** The maximum number of choices of initial values that are tried for a few operations. */
const MOST_TRIED = 500

const NOT_KNOWN = notRecorded(
  'nobody knows what was there at the start: the level does not hold with the initial values tried, and other initial values cannot be ruled out',
)

/**
 * Decides a history with unknown initial values (see `Encoded.anyStart`). Each round tries one choice of initial values
 * for the whole history, and collects the operations that contradict it. `decideFew` then tries all relevant choices
 * for the operations collected so far. If a choice fits them, the next round tries this choice. If no choice fits them,
 * the whole history is violated: the collection includes every write that may explain a collected observation, so the
 * missing operations cannot resolve the contradiction.
 *
 * @throws OutOfTime
 */
export function decideFromAny<Known extends Answer>(
  encoded: Encoded,
  question: Question<Known>,
  first: Choice,
  jsonOf: JsonOf,
  budget: Budget,
): FromAny<Known> {
  const complete = createCompletion(encoded, 'process order', jsonOf, budget)
  let choice = first
  const maySee = later(() => maySeeStart(encoded, question.hides))
  let involved: readonly number[] = []
  for (let tried = 0; tried < MOST_STARTS; tried++) {
    const operations = settled(encoded, choice)
    const answer = question.decide(operations)
    if (answer.result === 'met') return { result: 'met', answer, operations }
    if (answer.result === 'unknown') return unknownBecause(reasonOf(answer))
    const contradiction = question.involved(operations, answer) ?? question.contradiction(operations, answer)
    if (contradiction === undefined) break
    involved = complete([...involved, ...contradiction])
    if (involved.length > MOST_INVOLVED) break
    const few = decideFew(restrict(encoded, involved), question, jsonOf, budget, maySee())
    if (few.result === 'violated') return { result: 'violated', involved }
    if (few.result === 'unknown') break
    // The next round would try the same initial values again. This can happen if `involved` does not contain all
    // contradictory operations.
    if ([...few.choice].every(([key, id]) => (choice.get(key) ?? UNMENTIONED) === id)) break
    choice = new Map([...choice, ...few.choice])
  }
  return unknownBecause(NOT_KNOWN)
}

const reasonOf = (answer: Answer): Reason => answer.reason ?? OUT_OF_TIME

/** The answer for a few operations and all initial values. */
type Few<Known> =
  | { readonly result: 'met'; readonly choice: Choice; readonly answer: Known }
  /** `answer` belongs to the likeliest choice of initial values. */
  | { readonly result: 'violated'; readonly answer: Known }
  | { readonly result: 'unknown' }

const UNKNOWN = { result: 'unknown' } as const

/**
 * Decides a few operations for every choice of initial values that can matter. Only values that contradictory
 * operations observed can matter.
 */
function decideFew<Known extends Answer>(
  encoded: Encoded,
  question: FewQuestion<Known>,
  jsonOf: JsonOf,
  budget: Budget,
  maySee: (row: number) => boolean,
): Few<Known> {
  if (encoded.hasAppend) return decideTexts(encoded, question, jsonOf, budget)
  const complete = createCompletion(encoded, 'process order', jsonOf, budget)
  const certain = certainStarts(encoded)
  const tried = new Set<string>()
  const go = (choice: Choice): Few<Known> => {
    const name = [...choice]
      .map((each) => each.join())
      .sort()
      .join(' ')
    if (tried.has(name)) return { result: 'violated', answer: first }
    if (tried.size >= MOST_TRIED) return UNKNOWN
    budget.look(encoded.length)
    tried.add(name)
    const operations = settled(encoded, choice)
    const answer = question.decideFew(operations)
    if (tried.size === 1) first = answer
    if (answer.result === 'met') return { result: 'met', choice: withEveryKey(encoded, choice), answer }
    if (answer.result === 'unknown') return UNKNOWN
    const involved = question.involved(operations, answer)
    let isUnclear = false
    const some = involved === undefined ? undefined : complete(involved)
    for (const next of otherStarts(encoded, choice, some, maySee)) {
      const few = go(next)
      if (few.result === 'met') return few
      if (few.result === 'unknown') isUnclear = true
    }
    return isUnclear ? UNKNOWN : { result: 'violated', answer: first }
  }
  let first: Known
  return go(certain)
}

/** Adds the initial value `UNMENTIONED` for every key without an initial value in the choice. */
function withEveryKey({ key }: Encoded, choice: Choice): Choice {
  const every = new Map(choice)
  for (const k of key) if (!every.has(k)) every.set(k, UNMENTIONED)
  return every
}

/**
 * Yields the choices that extend `choice` by the initial value of one more key. The new value was observed, and the key
 * can have begun with it.
 */
function* otherStarts(
  encoded: Encoded,
  choice: Choice,
  some: readonly number[] | undefined,
  maySee: (row: number) => boolean,
): Iterable<Choice> {
  const { length, row, key, kind, expects, names } = encoded
  for (const i of some ?? range(0, length)) {
    if (choice.has(key[i]) || expects[i] === NOTHING || kind[i] === DIFFERS || !maySee(row[i])) continue
    yield new Map([...choice, [key[i], names[expects[i]]]])
  }
}

/** Decides a few operations of a history with appends. Tries all choices of initial values. */
function decideTexts<Known extends Answer>(
  encoded: Encoded,
  { decideFew: decide }: FewQuestion<Known>,
  jsonOf: JsonOf,
  budget: Budget,
): Few<Known> {
  const { all, isComplete } = choicesAmong(encoded, jsonOf)
  let isUnclear = !isComplete
  let first: Known | undefined
  for (const choice of all) {
    budget.look(encoded.length)
    const answer = decide(settled(encoded, choice))
    if (answer.result === 'met') return { result: 'met', choice, answer }
    if (answer.result === 'unknown') isUnclear = true
    first ??= answer
  }
  return isUnclear || first === undefined ? UNKNOWN : { result: 'violated', answer: first }
}

/**
 * Decides a level for a few operations. If the initial values are unknown, the answer is `met` if some initial values
 * meet the level. Otherwise it is the answer for the likeliest initial values.
 */
export function answerForFew<Known extends Answer>(
  encoded: Encoded,
  question: FewQuestion<Known>,
  unknown: () => Known,
  jsonOf: JsonOf,
  budget: Budget,
): Known {
  if (!encoded.anyStart) return question.decideFew(encoded)
  const few = decideFew(encoded, question, jsonOf, budget, maySeeStart(encoded, question.hides))
  return few.result === 'unknown' ? unknown() : few.answer
}

/**
 * Returns the initial values to try first for weaker levels: for each key, a value that makes the key linearizable, if
 * one is found quickly.
 */
export function likelyStarts(encoded: Encoded, jsonOf: JsonOf, budget: Budget): Choice {
  const choice = new Map<number, number>()
  for (const part of partition(encoded, budget)) {
    budget.look(part.length)
    if (part.length > 0) choice.set(part.key[0], likelyStart(part, jsonOf, budget))
  }
  return choice
}
