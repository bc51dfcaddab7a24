import type { Json } from '@chaosproxy/history'
import { type Budget, OUT_OF_TIME } from '../budget.ts'
import { createCompletion } from '../counterexample/sources.ts'
import { DIFFERS, type Encoded, later, NOTHING, restrict } from '../encoded.ts'
import { likelyStart } from '../linearizable/small.ts'
import { partition } from '../partition.ts'
import { type Choice, certainStarts, choicesAmong, settled } from './choices.ts'
import { type Hides, maySeeStart } from './may-see.ts'
import { UNMENTIONED } from './unknown.ts'

interface Answer {
  readonly result: 'met' | 'violated' | 'unknown'
}

type JsonOf = (name: number) => Json

/** How a few operations whose start is settled are decided. */
export interface FewQuestion<Known extends Answer> {
  readonly hides: Hides
  readonly decideFew: (operations: Encoded) => Known
  /** After `violated`: operations that contradict each other by themselves, where that is known. */
  readonly involved: (operations: Encoded, answer: Known) => readonly number[] | undefined
}

/** How a level is decided whose keys may not be looked at one by one. */
export interface Question<Known extends Answer> extends FewQuestion<Known> {
  /** Of operations whose start is settled. */
  readonly decide: (operations: Encoded) => Known
  /** After `violated`, where nothing is known to be involved: a few operations that contradict each other; undefined for many. */
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
const MOST_INVOLVED = 2_000

/** So many starts are tried for a few operations. */
const MOST_TRIED = 500

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
    if (answer.result === 'unknown') return { result: 'unknown', reason: reasonOf(answer) }
    const contradiction = question.involved(operations, answer) ?? question.contradiction(operations, answer)
    if (contradiction === undefined) break
    involved = complete([...involved, ...contradiction])
    if (involved.length > MOST_INVOLVED) break
    const few = decideFew(restrict(encoded, involved), question, jsonOf, budget, maySee())
    if (few.result === 'violated') return { result: 'violated', involved }
    if (few.result === 'unknown') break
    // What was shown may have been cut short, and then contradicts nothing.
    if ([...few.choice].every(([key, id]) => (choice.get(key) ?? UNMENTIONED) === id)) break
    choice = new Map([...choice, ...few.choice])
  }
  return { result: 'unknown', reason: NOT_KNOWN }
}

const reasonOf = (answer: Answer): string =>
  'reason' in answer && typeof answer.reason === 'string' ? answer.reason : OUT_OF_TIME

/** What comes of a few operations, whatever was there at the start. */
type Few<Known> =
  | { readonly result: 'met'; readonly choice: Choice; readonly answer: Known }
  /** With the answer for the likeliest start. */
  | { readonly result: 'violated'; readonly answer: Known }
  | { readonly result: 'unknown' }

const UNKNOWN = { result: 'unknown' } as const

/**
 * Tries a few operations with every start that can matter to them. Another value can only help where one of those operations
 * observed it that contradict the start tried, so the next ones are taken from these.
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
    budget.look()
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

/** A choice that says of every key what it held, if only that nobody mentions it. */
function withEveryKey({ key }: Encoded, choice: Choice): Choice {
  const every = new Map(choice)
  for (const k of key) if (!every.has(k)) every.set(k, UNMENTIONED)
  return every
}

/** The choices with one key more, by what these operations (or all) observed of it that can have been the start. */
function* otherStarts(
  encoded: Encoded,
  choice: Choice,
  some: readonly number[] | undefined,
  maySee: (row: number) => boolean,
): Iterable<Choice> {
  const { length, row, key, kind, expects, names } = encoded
  for (const i of some ?? Array.from({ length }, (_, each) => each)) {
    if (choice.has(key[i]) || expects[i] === NOTHING || kind[i] === DIFFERS || !maySee(row[i])) continue
    yield new Map([...choice, [key[i], names[expects[i]]]])
  }
}

/** Of texts, every choice there is. */
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
    budget.look()
    const answer = decide(settled(encoded, choice))
    if (answer.result === 'met') return { result: 'met', choice, answer }
    if (answer.result === 'unknown') isUnclear = true
    first ??= answer
  }
  return isUnclear || first === undefined ? UNKNOWN : { result: 'violated', answer: first }
}

/** How a few operations are decided: by a start that explains them, or by the likeliest where none does. */
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

/** Of each key what makes it linearizable, as far as that is quickly seen; the start to try first at weaker levels. */
export function likelyStarts(encoded: Encoded, jsonOf: JsonOf, budget: Budget): Choice {
  const choice = new Map<number, number>()
  for (const part of partition(encoded, budget)) {
    budget.look()
    if (part.length > 0) choice.set(part.key[0], likelyStart(part, jsonOf, budget))
  }
  return choice
}
