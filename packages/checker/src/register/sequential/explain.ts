import { type Decoder, type Encoded, NEVER } from '../../encoding/encoded.ts'
import { ascending } from '../../encoding/lists.ts'
import type { Budget } from '../../limits/budget.ts'
import { OUT_OF_TIME } from '../../verdict/reason.ts'
import { outOfThinAir } from '../../verdict/start-words.ts'
import { type Counterexample, unknownBecause } from '../../verdict/verdict.ts'
import { CYCLE, createWords } from '../../verdict/words.ts'
import type { FewQuestion } from '../any-start/any.ts'
import { explained } from '../any-start/explained.ts'
import { storyOf } from '../counterexample/story.ts'
import { findSequentialOrder, type Sequentiality } from './decide.ts'
import { derive } from './derivation.ts'
import { fromEarliest, orderEdgeOf, stepOf } from './order-edges.ts'

const stepsFor = (set: Encoded): number => 20_000 + 400 * set.length

/** The maximum number of pairs of writes that are named. */
const MOST_PAIRS = 4

type Violated = Extract<Sequentiality, { readonly result: 'violated' }>

/**
 * Explains with few operations why no order of all operations exists. The explanation is a cycle of orders if the
 * contradiction has one.
 */
export const explainSequential = (
  encoded: Encoded,
  violated: Violated,
  decoder: Decoder,
  budget: Budget,
): Counterexample =>
  explained<Sequentiality>(
    { encoded, violated },
    {
      level: 'sequential',
      questionOf: (allowance) => questionOf(decoder.value, allowance),
      unknown: () => unknownBecause(OUT_OF_TIME),
      inGeneral: encoded.isTied === true ? noTiedOrder : noSingleOrder,
      wordsOf: (set, answer) => wordsOf(set, answer, decoder),
    },
    decoder,
    budget,
  )

export const questionOf = (jsonOf: Decoder['value'], budget: Budget): FewQuestion<Sequentiality> => ({
  hides: 'writes and reads',
  decideFew: (settled) => findSequentialOrder(settled, jsonOf, budget, stepsFor(settled)),
  involved: (settled, answer) => (answer.result === 'violated' ? involvedIn(settled, answer) : undefined),
})

const noSingleOrder = (count: number): string =>
  `No single order of these ${count} operations respects the order of each process and explains every result.`

const noTiedOrder = (count: number): string =>
  `No order of these ${count} operations respects the timestamps and the order of each process, and explains every result.`

function involvedIn(encoded: Encoded, violated: Violated): readonly number[] | undefined {
  if (violated.thinAir !== undefined) return [violated.thinAir]
  if (violated.cycle === undefined) return violated.involved && ascending(violated.involved)
  const { facts, saturation, conflict } = violated.cycle
  const { involved } = derive(saturation, conflict)
  const isUnknown = (i: number): boolean => encoded.returns[facts.indices[i]] === NEVER
  // For each operation of unknown outcome, adds an operation that saw it, which shows that it took effect. The loop
  // also visits the added operations.
  const known = new Set(involved)
  for (const i of known) {
    const readers = isUnknown(i) ? [...saturation.readersOf(i)] : []
    const reader = readers.find((each) => !isUnknown(each)) ?? readers[0]
    if (reader !== undefined) known.add(reader)
  }
  return ascending([...known].map((i) => facts.indices[i]))
}

function wordsOf(
  set: Encoded,
  answer: Sequentiality,
  decoder: Decoder,
): Pick<Counterexample, 'sentence' | 'edges' | 'culprit'> {
  const words = createWords(decoder)
  if (answer.result === 'violated' && answer.thinAir !== undefined) {
    return { sentence: outOfThinAir(set, answer.thinAir, decoder) }
  }
  const pairs = answer.result === 'violated' ? answer.pairs : undefined
  if (pairs !== undefined && pairs.length > 0 && pairs.length <= MOST_PAIRS) {
    const the = (i: number): string => words.the(set.row[i], set.kind[i])
    const either = pairs.map(({ first, second }) => `whichever of ${the(first)} and ${the(second)} comes first`)
    return { sentence: `Every order contradicts some read, ${either.join(', and ')}.` }
  }
  if (answer.result !== 'violated' || answer.cycle === undefined) {
    return { sentence: set.isTied === true ? noTiedOrder(set.length) : noSingleOrder(set.length) }
  }
  const { facts, saturation, conflict } = answer.cycle
  const row = (operation: number): number => set.row[facts.indices[operation]]
  const kind = (operation: number): number => set.kind[facts.indices[operation]]
  const derivation = derive(saturation, conflict)
  const cycle = fromEarliest(derivation.cycle, row)
  const the = (operation: number): string => words.the(row(operation), kind(operation))
  const { process } = decoder.history.operations
  const areOfOne = (a: number, b: number): boolean => set.isTied !== true || process[row(a)] === process[row(b)]
  const edges = cycle.map((edge) => orderEdgeOf(edge, derivation, row, areOfOne))
  const story = set.isTied === true ? undefined : storyOf(edges, decoder.history)
  if (story !== undefined) return { ...story, edges }
  const since = (reader: number): string => `after it ${words.did(row(reader), kind(reader))}`
  const ofOneClient = (a: number, b: number): string =>
    areOfOne(a, b) ? words.ofOneClient(row(a), row(b)) : 'by their stamps'
  const steps = cycle.map((edge) => stepOf(edge, { the, ofOneClient, since }))
  return { sentence: `No single order fits: ${steps.join('; ')}. ${CYCLE}`, edges }
}
