import { type Decoder, type Encoded, later, restrict } from '../../encoding/encoded.ts'
import { type WeakLevel, weakDefinition } from '../../levels/levels.ts'
import { type Budget, inTime, OUT_OF_TIME } from '../../limits/budget.ts'
import { otherStart } from '../../verdict/start-words.ts'
import type { Counterexample } from '../../verdict/verdict.ts'
import { CYCLE, capital, createWords, show } from '../../verdict/words.ts'
import { answerForFew, type FewQuestion } from '../any-start/any.ts'
import { type Case, isSure, located, showInvolved } from '../counterexample/involved.ts'
import { limit, reduce, watched } from '../counterexample/reduce.ts'
import { storyOf } from '../counterexample/story.ts'
import type { Edge } from '../sequential/edges.ts'
import { readsFrom } from '../sequential/reads-from.ts'
import { fromEarliest, toldEdge } from '../sequential/told-edges.ts'
import type { WeakAnswer } from './answer.ts'
import { createWeaker } from './decide.ts'
import { type Derivation, derivationOf } from './derivation.ts'
import type { Contradiction } from './orders/judged.ts'
import type { Facts } from './orders/order.ts'

/** Passes allowed for deciding one candidate set; harder candidates are not used. */
const STEPS = 2_000

type Violated = Extract<WeakAnswer, { readonly result: 'violated' }>

/**
 * Explains why a level below sequential consistency does not hold: reduced, and as a cycle of orders if there is one.
 */
export function explainWeaker(
  level: WeakLevel,
  encoded: Encoded,
  violated: Violated,
  decoder: Decoder,
  budget: Budget,
): Counterexample {
  const watch = watched(budget)
  const involved = later(() => involvedIn(violated, level))
  return inTime(
    () => {
      const seek = (some: Encoded): WeakAnswer => find(level, some, decoder, watch.budget)
      return cutDown(level, located({ encoded, violated }, involved, seek), encoded.length, decoder, watch)
    },
    () =>
      showInvolved({
        level,
        encoded,
        involved: involved(),
        why: watch.limit() ?? 'time',
        violates: (some, allowance) => violates(level, some, decoder, allowance),
        sentence: allContradict(level, encoded.length),
      }),
  )
}

/**
 * Whether some operations violate a level by themselves, if that is quickly decided.
 *
 * @throws OutOfTime
 */
export const violates = (level: WeakLevel, some: Encoded, decoder: Decoder, budget: Budget): boolean =>
  find(level, some, decoder, budget).result === 'violated'

const find = (level: WeakLevel, some: Encoded, decoder: Decoder, budget: Budget): WeakAnswer =>
  answerForFew(some, questionOf(level, budget), unknown, decoder.value, budget)

/** How to decide a few operations whose initial value is settled. */
export const questionOf = (level: WeakLevel, budget: Budget): FewQuestion<WeakAnswer> => ({
  hides: weakDefinition(level).hides,
  decideFew: (settled) => decideFew(level, settled, budget),
  involved: (_, answer) => (answer.result === 'violated' ? involvedIn(answer, level) : undefined),
})

const allContradict = (level: WeakLevel, count: number): string =>
  `Whichever writes these reads saw, ${weakDefinition(level).words.noWay}: each choice among the ${count} operations leads to a contradiction.`

/** @throws OutOfTime if there is no time to begin. */
function cutDown(
  level: WeakLevel,
  { encoded, violated }: Case<WeakAnswer>,
  among: number,
  decoder: Decoder,
  { budget, limit: limitReached }: ReturnType<typeof watched>,
): Counterexample {
  const seek = (some: Encoded): WeakAnswer => find(level, some, decoder, budget)
  const contradicts = (some: Encoded): boolean => seek(some).result === 'violated'
  const within = involvedIn(violated, level)
  const reduced = reduce(
    { operations: encoded, rule: 'process order', jsonOf: decoder.value, contradicts, within },
    budget,
  )
  const makesSure = (some: readonly number[]): boolean =>
    isSure((allowance) => violates(level, restrict(encoded, some), decoder, allowance))
  const { shown, core, uncut } = limit(reduced, encoded, { among, limit: limitReached(), makesSure })
  const indices = shown.filter((i) => core.has(i))
  const set = restrict(encoded, indices)
  const again = inTime(() => seek(set), unknown)
  const told = wordsOf(level, set, again, decoder)
  const keys = [...new Set(indices.map((i) => decoder.keyName(encoded.key[i])))].filter((name) => name !== undefined)
  return {
    level,
    ...told,
    operations: shown.map((i) => ({ operation: encoded.row[i], role: core.has(i) ? 'core' : 'context' })),
    keys,
    uncut,
  }
}

const unknown = (): WeakAnswer => ({ result: 'unknown', reason: OUT_OF_TIME })

/**
 * Whether a few operations can be explained, if that is quickly decided.
 *
 * @throws OutOfTime
 */
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
  return [...involved].map((i) => indices[i]).sort((a, b) => a - b)
}

function wordsOf(
  level: WeakLevel,
  set: Encoded,
  answer: WeakAnswer,
  decoder: Decoder,
): Pick<Counterexample, 'sentence' | 'edges' | 'culprit'> {
  const words = createWords(decoder)
  if (answer.result === 'violated' && answer.thinAir !== undefined) {
    const i = answer.thinAir
    return {
      sentence: `${capital(words.did(set.row[i], set.kind[i]))}, but no write that could have taken effect wrote ${show(decoder.value(set.names[set.expects[i]]))}${otherStart(set, i, decoder)}.`,
    }
  }
  if (answer.result !== 'violated' || answer.found === undefined) {
    return { sentence: allContradict(level, set.length) }
  }
  const { relations, contradiction, indices } = answer.found
  const { facts } = relations
  const row = (operation: number): number => set.row[indices[operation]]
  const kind = (operation: number): number => set.kind[indices[operation]]
  const the = (operation: number): string => words.the(row(operation), kind(operation))
  const did = (operation: number): string => words.did(row(operation), kind(operation))
  const derivation = derivationOf(facts, contradiction, weakDefinition(level))
  const cycle = fromEarliest(derivation.cycle, row)
  const edges = cycle.map((edge) => toldEdge(edge, shownByReads(derivation), row))
  const story = storyOf(edges, decoder.history)
  if (story !== undefined) return { ...story, edges }
  const ofOneClient = (a: number, b: number): string => words.ofOneClient(row(a), row(b))
  const who = (operation: number): string => words.who(row(operation))
  const steps = cycle.map((edge) => stepOf(edge, { the, who, did, ofOneClient, level }))
  return {
    sentence: `${capital(introduction(level, contradiction, facts, (operation) => words.client(row(operation))))}: ${steps.join('; ')}. ${CYCLE}`,
    edges,
  }
}

/** What a read of the initial value did not see needs no chain: nothing can come before that value. */
const shownByReads = ({ paths }: Derivation): Pick<Derivation, 'paths'> => ({
  paths: new Map([...paths].filter(([{ reason }]) => reason === 'overwritten before')),
})

function introduction(
  level: WeakLevel,
  contradiction: Contradiction,
  facts: Facts,
  clientOf: (operation: number) => string,
): string {
  if (contradiction.future === true) return 'Some read saw what was not there yet'
  const { thread } = contradiction
  const { members, start } = facts.threads
  return weakDefinition(level).words.introduction(thread === undefined ? undefined : clientOf(members[start[thread]]))
}

interface Speaker {
  readonly the: (operation: number) => string
  readonly who: (operation: number) => string
  readonly did: (operation: number) => string
  readonly ofOneClient: (a: number, b: number) => string
  readonly level: WeakLevel
}

function stepOf(edge: Edge, { the, who, did, ofOneClient, level }: Speaker): string {
  switch (edge.reason) {
    case 'reads from':
      return `${the(edge.to)} saw ${the(edge.from)}`
    case 'overwritten before': {
      const reader = edge.reader ?? edge.to
      const read = did(reader).slice(who(reader).length + 1)
      return `${the(edge.from)} must come before ${the(edge.to)}, because ${weakDefinition(level).words.since(who(reader), read)}`
    }
    case 'overwritten after':
      return `${the(edge.from)} must come before ${the(edge.to)}, which it did not see`
    default:
      return `${the(edge.from)} came before ${the(edge.to)} ${ofOneClient(edge.from, edge.to)}`
  }
}
