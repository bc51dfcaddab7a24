import { type Decoder, type Encoded, later, NEVER, READ, restrict } from '../../encoding/encoded.ts'
import { type Budget, inTime, OUT_OF_TIME } from '../../limits/budget.ts'
import { otherStart } from '../../verdict/start-words.ts'
import type { Counterexample } from '../../verdict/verdict.ts'
import { CYCLE, capital, createWords, show, type Words } from '../../verdict/words.ts'
import { answerForFew, type FewQuestion } from '../any-start/any.ts'
import { type Case, isSure, located, showInvolved } from '../counterexample/involved.ts'
import { limit, reduce, watched } from '../counterexample/reduce.ts'
import { storyOf } from '../counterexample/story.ts'
import { findSequentialOrder, type Sequentiality } from './decide.ts'
import { derive } from './derivation.ts'
import type { Edge } from './edges.ts'
import { fromEarliest, toldEdge } from './told-edges.ts'

const unknown = (): Sequentiality => ({ result: 'unknown', reason: OUT_OF_TIME })

/** Steps allowed for deciding one candidate set; harder candidates are not used. */
const stepsFor = (set: Encoded): number => 20_000 + 400 * set.length

/** The most pairs of writes to name, either order of which leads to a contradiction. */
const MOST_PAIRS = 4

type Violated = Extract<Sequentiality, { readonly result: 'violated' }>

/** Explains why there is no order of all operations: reduced, and as a cycle of orders if there is one. */
export function explainSequential(
  encoded: Encoded,
  violated: Violated,
  decoder: Decoder,
  budget: Budget,
): Counterexample {
  const watch = watched(budget)
  const involved = later(() => involvedIn(encoded, violated))
  return inTime(
    () => {
      const seek = (some: Encoded): Sequentiality => findFew(some, decoder, watch.budget)
      return cutDown(located({ encoded, violated }, involved, seek), encoded.length, decoder, watch)
    },
    () =>
      showInvolved({
        level: 'sequential',
        encoded,
        involved: involved(),
        why: watch.limit() ?? 'time',
        violates: (some, allowance) => violates(some, decoder, allowance),
        sentence: `No single order of these ${encoded.length} operations keeps each process's own order and explains every result.`,
      }),
  )
}

const findFew = (some: Encoded, { value }: Decoder, budget: Budget): Sequentiality =>
  answerForFew(some, questionOf(value, budget), unknown, value, budget)

/** How to decide a few operations whose initial value is settled. */
export const questionOf = (jsonOf: Decoder['value'], budget: Budget): FewQuestion<Sequentiality> => ({
  hides: 'writes and reads',
  decideFew: (settled) => findSequentialOrder(settled, jsonOf, budget, stepsFor(settled)),
  involved: (settled, answer) => (answer.result === 'violated' ? involvedIn(settled, answer) : undefined),
})

const violates = (some: Encoded, decoder: Decoder, budget: Budget): boolean =>
  findFew(some, decoder, budget).result === 'violated'

/** @throws OutOfTime if there is no time to begin. */
function cutDown(
  { encoded, violated }: Case<Sequentiality>,
  among: number,
  decoder: Decoder,
  { budget, limit: limitReached }: ReturnType<typeof watched>,
): Counterexample {
  const jsonOf = decoder.value
  const find = (some: Encoded): Sequentiality => findFew(some, decoder, budget)
  const reduced = reduce(
    {
      operations: encoded,
      rule: 'process order',
      jsonOf,
      contradicts: (some) => find(some).result === 'violated',
      within: involvedIn(encoded, violated),
    },
    budget,
  )
  const makesSure = (some: readonly number[]): boolean =>
    isSure((allowance) => violates(restrict(encoded, some), decoder, allowance))
  const { shown, core, uncut } = limit(reduced, encoded, { among, limit: limitReached(), makesSure })
  // The core alone has the shortest cycle.
  const indices = shown.filter((i) => core.has(i))
  const set = restrict(encoded, indices)
  const again = inTime(() => find(set), unknown)
  const told = wordsOf(set, again, decoder)
  const keys = [...new Set(indices.map((i) => decoder.keyName(encoded.key[i])))].filter((name) => name !== undefined)
  return {
    level: 'sequential',
    ...told,
    operations: shown.map((i) => ({ operation: encoded.row[i], role: core.has(i) ? 'core' : 'context' })),
    keys,
    uncut,
  }
}

function involvedIn(encoded: Encoded, violated: Violated): readonly number[] | undefined {
  if (violated.thinAir !== undefined) return [violated.thinAir]
  if (violated.cycle === undefined) return violated.involved?.toSorted((a, b) => a - b)
  const { facts, saturation, conflict } = violated.cycle
  const { involved } = derive(saturation, conflict)
  const isUnknown = (i: number): boolean => encoded.returns[facts.indices[i]] === NEVER
  // An operation of unknown outcome is known to have happened through those that saw it. The set grows during the
  // iteration.
  const known = new Set(involved)
  for (const i of known) {
    const readers = isUnknown(i) ? [...saturation.readersOf(i)] : []
    const reader = readers.find((each) => !isUnknown(each)) ?? readers[0]
    if (reader !== undefined) known.add(reader)
  }
  return [...known].map((i) => facts.indices[i]).sort((a, b) => a - b)
}

function wordsOf(
  set: Encoded,
  answer: Sequentiality,
  decoder: Decoder,
): Pick<Counterexample, 'sentence' | 'edges' | 'culprit'> {
  const words = createWords(decoder)
  if (answer.result === 'violated' && answer.thinAir !== undefined) {
    const i = answer.thinAir
    const did = words.did(set.row[i], set.kind[i])
    return {
      sentence: `${capital(did)}, but no write that could have taken effect wrote ${show(decoder.value(set.names[set.expects[i]]))}${otherStart(set, i, decoder)}.`,
    }
  }
  const pairs = answer.result === 'violated' ? answer.pairs : undefined
  if (pairs !== undefined && pairs.length > 0 && pairs.length <= MOST_PAIRS) {
    const the = (i: number): string => words.the(set.row[i], set.kind[i])
    const either = pairs.map(({ first, second }) => `whichever of ${the(first)} and ${the(second)} comes first`)
    return { sentence: `No single order fits: ${either.join(', and ')}, some read contradicts it.` }
  }
  if (answer.result !== 'violated' || answer.cycle === undefined) {
    return {
      sentence: `No single order of these ${set.length} operations keeps each process's own order and explains every result.`,
    }
  }
  const { facts, saturation, conflict } = answer.cycle
  const row = (operation: number): number => set.row[facts.indices[operation]]
  const kind = (operation: number): number => set.kind[facts.indices[operation]]
  const derivation = derive(saturation, conflict)
  const cycle = fromEarliest(derivation.cycle, row)
  const the = (operation: number): string => words.the(row(operation), kind(operation))
  const edges = cycle.map((edge) => toldEdge(edge, derivation, row))
  const story = storyOf(edges, decoder.history)
  if (story !== undefined) return { ...story, edges }
  const steps = cycle.map((edge) => stepOf(edge, { the, row, kind, words, source: saturation.writerOf }))
  return { sentence: `No single order fits: ${steps.join('; ')}. ${CYCLE}`, edges }
}

interface Speaker {
  readonly the: (operation: number) => string
  readonly row: (operation: number) => number
  readonly kind: (operation: number) => number
  readonly words: Words
  readonly source: Int32Array
}

function stepOf(edge: Edge, speaker: Speaker): string {
  const { the, row, kind, words } = speaker
  switch (edge.reason) {
    case 'reads from':
      return `${the(edge.to)} saw ${the(edge.from)}`
    case 'overwritten before': {
      const reader = edge.reader ?? edge.to
      const read = kind(reader) === READ ? words.did(row(reader), READ) : words.did(row(reader), kind(reader))
      return `${the(edge.from)} must come before ${the(edge.to)}, because after it ${read}`
    }
    case 'overwritten after':
      return `${the(edge.from)} must come before ${the(edge.to)}, which it did not see`
    default:
      return `${the(edge.from)} came before ${the(edge.to)} ${words.ofOneClient(row(edge.from), row(edge.to))}`
  }
}
