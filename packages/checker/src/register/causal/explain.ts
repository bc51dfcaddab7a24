import type { Decoder, Encoded } from '../../encoding/encoded.ts'
import { ascending } from '../../encoding/lists.ts'
import { type WeakLevel, weakDefinition } from '../../levels/levels.ts'
import type { Budget } from '../../limits/budget.ts'
import { OUT_OF_TIME } from '../../verdict/reason.ts'
import { outOfThinAir } from '../../verdict/start-words.ts'
import { type Counterexample, unknownBecause } from '../../verdict/verdict.ts'
import { CYCLE, capital, createWords } from '../../verdict/words.ts'
import type { FewQuestion } from '../any-start/any.ts'
import { type Explanation, explained, findAmong } from '../any-start/explained.ts'
import { storyOf } from '../counterexample/story.ts'
import { fromEarliest, orderEdgeOf, stepOf } from '../sequential/order-edges.ts'
import { readsFrom } from '../sequential/reads-from.ts'
import type { WeakAnswer } from './answer.ts'
import { createWeaker } from './decide.ts'
import { type Derivation, derivationOf } from './derivation.ts'
import type { Contradiction } from './orders/judged.ts'
import type { Facts } from './orders/order.ts'

/** The maximum number of passes for deciding one set of operations. */
const STEPS = 2_000

type Violated = Extract<WeakAnswer, { readonly result: 'violated' }>

/** Explains a violation of a level below sequential consistency: few operations and, if possible, a cycle of orders. */
export const explainWeaker = (
  level: WeakLevel,
  encoded: Encoded,
  violated: Violated,
  decoder: Decoder,
  budget: Budget,
): Counterexample => explained({ encoded, violated }, explanationOf(level, decoder), decoder, budget)

/**
 * Reports whether some operations violate a level by themselves; false if this is not decided quickly. @throws
 * OutOfTime
 */
export const violates = (level: WeakLevel, some: Encoded, decoder: Decoder, budget: Budget): boolean =>
  findAmong(some, explanationOf(level, decoder), decoder, budget).result === 'violated'

const explanationOf = (level: WeakLevel, decoder: Decoder): Explanation<WeakAnswer> => ({
  level,
  questionOf: (budget) => questionOf(level, budget),
  unknown: () => unknownBecause(OUT_OF_TIME),
  inGeneral: (count) => allContradict(level, count),
  wordsOf: (set, answer) => wordsOf(level, set, answer, decoder),
})

export const questionOf = (level: WeakLevel, budget: Budget): FewQuestion<WeakAnswer> => ({
  hides: weakDefinition(level).hides,
  decideFew: (settled) => decideFew(level, settled, budget),
  involved: (_, answer) => (answer.result === 'violated' ? involvedIn(answer, level) : undefined),
})

const allContradict = (level: WeakLevel, count: number): string =>
  `No matter which writes the reads of these ${count} operations saw, ${weakDefinition(level).words.noWay}.`

/** Decides whether a few operations satisfy a level. @throws OutOfTime */
function decideFew(level: WeakLevel, some: Encoded, budget: Budget): WeakAnswer {
  const weaker = createWeaker(some, readsFrom(some, budget), budget, STEPS)
  try {
    return weaker.decide(level)
  } finally {
    weaker.release()
  }
}

function involvedIn(violated: Violated, level: WeakLevel): readonly number[] | undefined {
  if (violated.involved !== undefined) return violated.involved
  if (violated.thinAir !== undefined) return [violated.thinAir]
  if (violated.found === undefined) return undefined
  const { relations, contradiction, indices } = violated.found
  const { involved } = derivationOf(relations.facts, contradiction, weakDefinition(level))
  return ascending([...involved].map((i) => indices[i]))
}

function wordsOf(
  level: WeakLevel,
  set: Encoded,
  answer: WeakAnswer,
  decoder: Decoder,
): Pick<Counterexample, 'sentence' | 'edges' | 'culprit'> {
  const words = createWords(decoder)
  if (answer.result === 'violated' && answer.thinAir !== undefined) {
    return { sentence: outOfThinAir(set, answer.thinAir, decoder) }
  }
  if (answer.result !== 'violated' || answer.found === undefined) {
    return { sentence: allContradict(level, set.length) }
  }
  const { relations, contradiction, indices } = answer.found
  const { facts } = relations
  const row = (operation: number): number => set.row[indices[operation]]
  const kind = (operation: number): number => set.kind[indices[operation]]
  const the = (operation: number): string => words.the(row(operation), kind(operation))
  const derivation = derivationOf(facts, contradiction, weakDefinition(level))
  const cycle = fromEarliest(derivation.cycle, row)
  const edges = cycle.map((edge) => orderEdgeOf(edge, ordersOfReads(derivation), row))
  const story = storyOf(edges, decoder.history)
  if (story !== undefined) return { ...story, edges }
  const ofOneClient = (a: number, b: number): string => words.ofOneClient(row(a), row(b))
  const since = (reader: number): string => {
    const who = words.who(row(reader))
    return weakDefinition(level).words.since(who, words.did(row(reader), kind(reader)).slice(who.length + 1))
  }
  const steps = cycle.map((edge) => stepOf(edge, { the, ofOneClient, since }))
  return {
    sentence: `${capital(introduction(level, contradiction, facts, (operation) => words.who(row(operation))))}: ${steps.join('; ')}. ${CYCLE}`,
    edges,
  }
}

/**
 * Keeps only the paths for reads of written values. Reads of the initial value need no path, because every write
 * follows the initial value.
 */
const ordersOfReads = ({ paths }: Derivation): Pick<Derivation, 'paths'> => ({
  paths: new Map([...paths].filter(([{ reason }]) => reason === 'overwritten before')),
})

function introduction(
  level: WeakLevel,
  contradiction: Contradiction,
  facts: Facts,
  clientOf: (operation: number) => string,
): string {
  if (contradiction.future === true) return 'Some read saw a write that causally followed that read'
  const { thread } = contradiction
  const { members, start } = facts.threads
  return weakDefinition(level).words.introduction(thread === undefined ? undefined : clientOf(members[start[thread]]))
}
