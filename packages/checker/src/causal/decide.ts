import { type Budget, inTime } from '../budget.ts'
import type { Encoded } from '../encoded.ts'
import { type Choices, choicesOf } from '../sequential/choices.ts'
import { NO_READ, type readsFrom } from '../sequential/reads-from.ts'
import { choose } from './choices.ts'
import { branchedClients, judgeClient, searchClient } from './client-views.ts'
import { createRelations, type Relations } from './contradiction.ts'
import type { Contradiction, WeakLevel } from './judged.ts'
import { factsOf } from './order.ts'
import { createViews } from './view.ts'

/** Indices refer to the given history. */
export type WeakAnswer =
  | {
      readonly result: 'met'
      /** For causal convergence; computed on demand. */
      readonly arbitration?: () => ArbitratedHistory
    }
  | {
      readonly result: 'violated'
      readonly found?: {
        readonly relations: Relations
        readonly contradiction: Contradiction
        readonly indices: Int32Array
      }
      /** A read of a value that no operation can have written. */
      readonly thinAir?: number
      /** Operations that are contradictory by themselves, if nothing more precise is known. */
      readonly involved?: readonly number[]
    }
  | { readonly result: 'unknown'; readonly reason: string }

export interface ArbitratedHistory {
  /** All operations in arbitration order. */
  readonly order: Int32Array
  /** What each read saw: a write, or -1. */
  readonly writerOf: ReadonlyMap<number, number>
}

export interface Weaker {
  readonly decide: (level: WeakLevel) => WeakAnswer
  readonly release: () => void
}

/**
 * Decides the levels below sequential consistency, for reads and writes, each on demand; they share intermediate
 * results. Takes polynomial time if each read's source is certain. Otherwise tries the possible sources, within `steps`
 * (one step is a pass over the whole history) and the budget.
 *
 * @throws OutOfTime
 */
export function createWeaker(
  encoded: Encoded,
  sources: ReturnType<typeof readsFrom>,
  budget: Budget,
  steps: number = stepsFor(encoded.length),
): Weaker {
  if (sources.result === 'thin air') {
    return { decide: () => ({ result: 'violated', thinAir: sources.read }), release: () => {} }
  }
  if (sources.result === 'repeated values') {
    return {
      decide: (level) =>
        inTime(
          () => decideRepeated(encoded, level, budget, steps),
          () => OUT_OF['out of time'],
        ),
      release: () => {},
    }
  }
  const { indices } = sources
  const relations = createRelations(factsOf(sources, budget), budget)
  return {
    decide: (level) => {
      const judged = relations.judge(level)
      if (judged === 'out of memory' || judged === 'out of time') return OUT_OF[judged]
      if (judged === 'contradicted') return { result: 'violated' }
      if (judged !== 'none') return { result: 'violated', found: { relations, contradiction: judged, indices } }
      return met(relations, indices)
    },
    release: relations.release,
  }
}

/** Passes over the whole history: many for short ones and few for long ones, so that a level takes seconds at most. */
const stepsFor = (length: number): number => Math.ceil(3e6 / (length + 100))

const OUT_OF = {
  'out of memory': { result: 'unknown', reason: 'out of memory (see --memory)' },
  'out of time': { result: 'unknown', reason: 'out of time (see --timeout)' },
} as const satisfies { readonly [limit: string]: WeakAnswer }

function met(relations: Relations, indices: Int32Array): WeakAnswer {
  const order = relations.arbitration()
  if (order === undefined) return { result: 'met' }
  const { writerOf } = relations.facts
  const arbitration = (): ArbitratedHistory => {
    const sources = new Map<number, number>()
    for (let i = 0; i < writerOf.length; i++) {
      if (writerOf[i] !== NO_READ) sources.set(indices[i], writerOf[i] < 0 ? -1 : indices[writerOf[i]])
    }
    return { order: order.map((i) => indices[i]), writerOf: sources }
  }
  return { result: 'met', arbitration }
}

const TOO_MANY_SOURCES = {
  result: 'unknown',
  reason: 'values are written more than once, and there are too many possible sources of the reads',
} as const satisfies WeakAnswer

function decideRepeated(given: Encoded, level: WeakLevel, budget: Budget, steps: number): WeakAnswer {
  const choices = choicesOf(given, budget)
  if (choices === undefined) return TOO_MANY_SOURCES
  try {
    return decideAmong(choices, level, budget, steps)
  } finally {
    choices.release()
  }
}

function decideAmong(choices: Choices, level: WeakLevel, budget: Budget, steps: number): WeakAnswer {
  const writerOf = new Int32Array(choices.encoded.length).fill(NO_READ)
  const facts = factsOf({ encoded: choices.encoded, writerOf }, budget)
  const branched = branchedClients(choices.encoded, facts.threads)
  const apart = new Set(branched.flatMap((client) => client.threads))
  const limit = { left: steps }
  if (level === 'pram') return decideViews()
  let last: Relations | undefined
  let uncertain = false
  const holds = (complete: boolean): boolean => {
    const relations = createRelations(facts, budget)
    try {
      // Causal memory itself is judged when all sources are chosen; until then, a level it implies is.
      const judged = relations.judge(level === 'causal-memory' ? 'causal' : level)
      if (judged === 'out of memory' || judged === 'out of time') limit.left = 0
      if (judged !== 'none') return false
      if (complete && level === 'causal-memory' && !isMemory(relations)) return false
      last = relations
      return true
    } finally {
      relations.release()
    }
  }
  const answer = choose(choices, writerOf, holds, budget, limit)
  if (answer === 'met' && last !== undefined) return met(last, choices.indices)
  if (answer === 'violated' && !uncertain && limit.left > 0) return { result: 'violated' }
  // Causal memory implies PRAM, which can be decided even with repeated values.
  if (level === 'causal-memory' && uncertain && decideViews().result === 'violated') return { result: 'violated' }
  return {
    result: 'unknown',
    reason:
      'values are written more than once, and neither a possible source of every read nor a contradiction was found',
  }

  /** PRAM: each client may choose its own sources for its reads. */
  function decideViews(): WeakAnswer {
    const views = createViews(facts, undefined, budget)
    try {
      for (let thread = 0; thread < facts.threads.count; thread++) {
        if (apart.has(thread)) continue
        const own = choices.reads.flatMap((read, n) => (facts.threads.of[read] === thread ? [n] : []))
        const one = chooseAmong(own, () => views.conflictOf(thread, writerOf) === undefined)
        if (one === 'violated') return { result: 'violated' }
        const stopped = views.stopped()
        if (stopped !== undefined) return OUT_OF[stopped]
        if (one === 'unknown') return TOO_MANY_SOURCES
      }
    } finally {
      views.release()
    }
    for (const client of branched) {
      const answer = searchClient(choices.encoded, client, budget, steps)
      if (answer !== 'met') return answer === 'violated' ? { result: 'violated' } : TOO_MANY_SOURCES
    }
    return { result: 'met' }
  }

  function chooseAmong(numbers: readonly number[], fits: () => boolean): 'met' | 'violated' | 'unknown' {
    const some = { reads: numbers.map((n) => choices.reads[n]), candidates: numbers.map((n) => choices.candidates[n]) }
    return choose(some, writerOf, fits, budget, limit)
  }

  /**
   * Whether each read's process can explain it together with its earlier reads, within the causal order of the chosen
   * sources. The explanations of two reads may choose different writes of a repeated value for the same earlier read,
   * as long as the writes are in the past of the read being explained. A larger causal order might bring a write from
   * outside into that past; then nothing is refuted.
   */
  function isMemory(relations: Relations): boolean {
    const order = relations.order()
    if (order === undefined) return false
    const views = createViews(facts, order, budget)
    const { threads } = facts
    for (let thread = 0; thread < threads.count; thread++) {
      if (apart.has(thread) || views.conflictOf(thread, writerOf) === undefined) continue
      const own = choices.reads.flatMap((read, n) => (threads.of[read] === thread ? [n] : []))
      for (let count = 1; count <= own.length; count++) {
        const read = choices.reads[own[count - 1]]
        if (views.conflictOf(thread, writerOf, read) === undefined) continue
        const inPast = (writer: number): boolean => writer < 0 || order.precedes(writer, read)
        const explained = own.slice(0, count)
        const chosen = writerOf.slice()
        const some = {
          reads: explained.map((n) => choices.reads[n]),
          candidates: explained.map((n) => choices.candidates[n].filter(inPast)),
        }
        const answer = choose(some, chosen, () => views.conflictOf(thread, chosen, read) === undefined, budget, limit)
        if (answer === 'met') continue
        const more = explained.some((n) => choices.candidates[n].some((w) => !inPast(w) && !order.precedes(read, w)))
        if (answer === 'unknown' || more) uncertain = true
        return false
      }
    }
    for (const client of branched) {
      const judged = judgeClient(facts, client, order, budget)
      if (judged === 'none') continue
      if (judged === 'out of memory' || judged === 'out of time') limit.left = 0
      else uncertain = true
      return false
    }
    if (views.stopped() === undefined) return true
    limit.left = 0
    return false
  }
}
