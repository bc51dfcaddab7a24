import { type Budget, inTime, OUT_OF_TIME } from '../budget.ts'
import { type Decoder, type Encoded, NEVER, READ, restrict } from '../encoded.ts'
import type { Level } from '../level.ts'
import { findSequentialOrder, type Sequentiality } from '../sequential/decide.ts'
import { derive } from '../sequential/derivation.ts'
import type { Edge } from '../sequential/edges.ts'
import { answerForFew } from '../start/any.ts'
import type { Counterexample, OrderEdge } from '../verdict.ts'
import { reduce } from './reduce.ts'
import { otherStart } from './start-words.ts'
import { capital, createWords, show, type Words } from './words.ts'

const unknown = (): Sequentiality => ({ result: 'unknown', reason: OUT_OF_TIME })

/** Steps that deciding one candidate set may take; harder candidates are not used. */
const stepsFor = (set: Encoded): number => 20_000 + 400 * set.length

/** So many pairs of writes are named, where either order of each leads to a contradiction. */
const MOST_PAIRS = 4

type Violated = Extract<Sequentiality, { readonly result: 'violated' }>

/** Explains why there is no order of all operations: cut down, and as a cycle of orders where there is one. */
export function explainSequential(
  encoded: Encoded,
  violated: Violated,
  decoder: Decoder,
  budget: Budget,
): Counterexample {
  return inTime(
    () => cutDown(encoded, violated, decoder, budget),
    () =>
      wholeHistory(
        'sequential',
        encoded,
        `No single order of these ${encoded.length} operations keeps each process's own order and explains every result.`,
      ),
  )
}

/** A contradiction that there was no time to look into. */
export function wholeHistory(level: Level, encoded: Encoded, sentence: string): Counterexample {
  return {
    level,
    sentence,
    get operations() {
      return Array.from(encoded.row.subarray(0, encoded.length), (operation) => ({ operation, role: 'core' as const }))
    },
    keys: [],
  }
}

/** @throws OutOfTime where there is no time to begin. */
function cutDown(encoded: Encoded, violated: Violated, decoder: Decoder, budget: Budget): Counterexample {
  const jsonOf = decoder.value
  const find = (some: Encoded): Sequentiality =>
    answerForFew(some, (settled) => findSequentialOrder(settled, jsonOf, budget, stepsFor(some)), unknown, jsonOf)
  const { shown, core } = reduce(
    {
      operations: encoded,
      rule: 'process order',
      jsonOf,
      contradicts: (some) => find(some).result === 'violated',
      within: involvedIn(encoded, violated),
    },
    budget,
  )
  // The core alone has the shortest cycle.
  const indices = shown.filter((i) => core.has(i))
  const set = restrict(encoded, indices)
  const again = inTime(() => find(set), unknown)
  const { sentence, edges } = wordsOf(set, again, decoder)
  const keys = [...new Set(indices.map((i) => decoder.keyName(encoded.key[i])))].filter((name) => name !== undefined)
  return {
    level: 'sequential',
    sentence,
    operations: shown.map((i) => ({ operation: encoded.row[i], role: core.has(i) ? 'core' : 'context' })),
    keys,
    edges,
  }
}

function involvedIn(encoded: Encoded, violated: Violated): readonly number[] | undefined {
  if (violated.thinAir !== undefined) return [violated.thinAir]
  if (violated.cycle === undefined) return violated.involved?.toSorted((a, b) => a - b)
  const { facts, saturation, conflict } = violated.cycle
  const { involved } = derive(saturation, conflict)
  const isUnknown = (i: number): boolean => encoded.returns[facts.indices[i]] === NEVER
  // That one of unknown outcome took effect is known by who saw it; a set grows while it is gone through.
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
): { readonly sentence: string; readonly edges?: readonly OrderEdge[] } {
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
  const cycle = fromEarliest(derive(saturation, conflict).cycle, row)
  const the = (operation: number): string => words.the(row(operation), kind(operation))
  const steps = cycle.map((edge) => stepOf(edge, { the, row, kind, words, source: saturation.writerOf }))
  return {
    sentence: `No single order fits: ${steps.join('; ')}; so each of them would have to come before itself.`,
    edges: cycle.map(({ from, to, reason }) => ({
      before: row(from),
      after: row(to),
      reason: reason === 'assumed' ? 'process order' : reason,
    })),
  }
}

/** The same cycle, told from the operation that was invoked first. */
function fromEarliest(cycle: readonly Edge[], row: (operation: number) => number): readonly Edge[] {
  const rows = cycle.map(({ from }) => row(from))
  const first = rows.indexOf(Math.min(...rows))
  return [...cycle.slice(first), ...cycle.slice(0, first)]
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
      return `${the(edge.from)} came before ${the(edge.to)} in the same process`
  }
}
