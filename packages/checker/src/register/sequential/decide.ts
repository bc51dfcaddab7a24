import type { Json } from '@chaosproxy/history'
import type { Encoded } from '../../encoding/encoded.ts'
import { type Threads, threadsOf } from '../../encoding/threads.ts'
import { type Budget, inTime, type Progress } from '../../limits/budget.ts'
import { outOf, type Reason } from '../../verdict/reason.ts'
import { overconsumedEver } from '../counting/consumption.ts'
import { effectTimes } from './basis.ts'
import { joinThreads } from './columns.ts'
import { derive } from './derivation.ts'
import { layOut } from './greedy.ts'
import { layOutByLot } from './hopeful.ts'
import { completion, orderWrites, type Pair } from './orders.ts'
import { type ReadsFrom, readsFrom } from './reads-from.ts'
import { type Conflict, type Saturation, saturate } from './saturation.ts'
import { createSequentialSearch, type SequentialSearch } from './search.ts'
import { chooseSources } from './sources.ts'

export type Sequentiality =
  /** `order` contains indices of the given history. */
  | { readonly result: 'met'; readonly order: Int32Array }
  | {
      readonly result: 'violated'
      /** The contradiction as a single cycle of forced orders, if it is one. */
      readonly cycle?: { readonly facts: ReadsFrom; readonly saturation: Saturation; readonly conflict: Conflict }
      /**
       * Operations that contradict each other by themselves. For each pair of writes in `pairs`, either order leads to
       * a contradiction.
       */
      readonly involved?: readonly number[] | undefined
      readonly pairs?: readonly Pair[]
      /** The operation that observed a value that no operation can have written, if there is one. */
      readonly thinAir?: number
    }
  | { readonly result: 'unknown'; readonly reason: Reason }

/**
 * Decides sequential consistency (Lamport 1979) of all keys together, because two keys may each have an order while
 * both together have none.
 *
 * If the source of each read is certain, first derives forced orders to a fixpoint. Then makes one direct attempt at an
 * order, and finally tries both orders of each open pair of writes. If some source is not certain, because values
 * repeat, searches over the progress of each process.
 *
 * `steps` is the maximum number of steps of the latter search; by default only the budget bounds it. `facts` are the
 * sources of the reads, if they are known.
 *
 * @throws OutOfTime
 */
export function findSequentialOrder(
  encoded: Encoded,
  jsonOf: (name: number) => Json,
  budget: Budget,
  steps: number = Number.POSITIVE_INFINITY,
  facts: ReturnType<typeof readsFrom> = readsFrom(encoded, budget),
): Sequentiality {
  if (facts.result === 'thin air') return { result: 'violated', thinAir: facts.read }
  if (facts.result === 'repeated values') {
    const involved = encoded.hasConditional ? overconsumedEver(encoded, budget) : undefined
    return involved === undefined ? searchOrder(encoded, jsonOf, budget, steps) : { result: 'violated', involved }
  }

  return decideUnique(facts, budget)
}

function decideUnique(facts: ReadsFrom, budget: Budget): Sequentiality {
  const threads = threadsOf(facts.encoded, true, budget)
  return decideJoined(facts, threads, budget) ?? decideBy(facts, threads, budget).answer
}

/**
 * The number of threads to which `joinThreads` reduces a history. With no more threads than this, nothing is joined.
 */
const COLUMNS = 64

/**
 * The maximum number of attempts with joined threads. After a failed attempt, the threads whose assumed orders caused
 * the failure are not joined again.
 */
const MOST_PARTINGS = 30

/**
 * Decides a history of many threads after joining threads end to end, which assumes an order between them (see
 * `joinThreads`). An order of the joined threads is also an order of the history. A contradiction counts only if it
 * uses no assumed order. Otherwise the threads whose assumed orders it uses are separated, and the history is decided
 * again. Returns undefined if this method does not decide the history.
 */
export function decideJoined(
  facts: ReadsFrom,
  threads: Threads,
  budget: Budget,
  columns: number = COLUMNS,
): Sequentiality | undefined {
  if (threads.count <= columns) return undefined
  const effectBy = effectTimes(facts)
  const apart = new Set<number>()
  for (let partings = 0; partings < MOST_PARTINGS; partings++) {
    const fewer = joinThreads(threads, facts.encoded, effectBy, columns, apart, budget)
    if (fewer.count === threads.count) return undefined
    const { answer, joined } = decideBy(facts, fewer, budget)
    if (answer.result === 'met') return answer
    if (answer.result === 'unknown' || joined === undefined) return undefined
    if (joined.length === 0) return answer
    for (const first of joined) apart.add(first)
  }
  return undefined
}

interface Decided {
  readonly answer: Sequentiality
  /**
   * The contradiction may use assumed orders between threads (see `joinThreads`). For each order that it uses: the
   * first operation of the later thread.
   */
  readonly joined?: readonly number[] | undefined
}

/**
 * Derives the forced order (`saturate`). If it is not contradictory, tries to build a legal order from front to back
 * (`layOut`). If this fails, tries both orders of each open pair of writes (`orderAllWrites`).
 */
export function decideBy(facts: ReadsFrom, threads: Threads, budget: Budget): Decided {
  const saturated = saturate(facts, budget, threads)
  if (saturated.result === 'stopped') return { answer: unknown(saturated.reason) }
  const { saturation } = saturated
  try {
    if (saturated.result === 'conflict') {
      const { conflict } = saturated
      const joined = threads.joined.includes(1) ? derive(saturation, conflict).joined : []
      return { answer: { result: 'violated', cycle: { facts, saturation, conflict } }, joined }
    }
    const direct = layOut(saturation, budget)
    if (direct !== undefined) return { answer: metBy(direct, facts) }
    const stopped = saturation.stopped()
    if (stopped !== undefined) return { answer: unknown(stopped) }
    if (saturation.reset()) return orderAllWrites(facts, saturation, budget)
  } finally {
    saturation.release()
  }
  const anew = saturate(facts, budget, threads)
  if (anew.result === 'stopped') return { answer: unknown(anew.reason) }
  try {
    return orderAllWrites(facts, anew.saturation, budget)
  } finally {
    anew.saturation.release()
  }
}

const metBy = (order: Int32Array, { indices }: ReadsFrom): Sequentiality => ({
  result: 'met',
  order: order.map((i) => indices[i]),
})

function orderAllWrites(facts: ReadsFrom, saturation: Saturation, budget: Budget): Decided {
  const found = orderWrites(saturation, budget)
  if (found.result === 'met') return { answer: metBy(completion(saturation), facts) }
  if (found.result === 'stopped') return { answer: unknown(found.reason) }
  const { rests, pairs } = found
  const answer: Sequentiality = {
    result: 'violated',
    involved: rests && [...rests.involved].map((i) => facts.indices[i]),
    pairs: pairs.map(({ first, second }) => ({ first: facts.indices[first], second: facts.indices[second] })),
  }
  return { answer, joined: rests && [...rests.joined] }
}

/**
 * Searches for an order in four phases:
 *
 * - depth first for a limited number of steps, which suffices for most small histories
 * - random attempts, which succeed if there are many orders
 * - guesses of the sources of reads, beginning with the sources that the clock suggests
 * - depth first until time runs out
 */
function searchOrder(encoded: Encoded, jsonOf: (name: number) => Json, budget: Budget, steps: number): Sequentiality {
  const search = createSequentialSearch(encoded, jsonOf, budget)
  // A slice has fewer steps if there are many processes, because each step examines the next operation of each process.
  const slice = Math.ceil(LOOKS_IN_SLICE / Math.max(FEW_PROCESSES, new Set(encoded.clients()).size))
  const runFor = (most: number): Progress => runSearch(search, budget, most, slice)
  try {
    const first = runFor(Math.min(steps, FIRST_STEPS))
    if (first !== 'paused') return answerOf(first, search)
    if (!encoded.hasAppend && steps > FIRST_STEPS) {
      const order = inTime(() => layOutByLot(encoded, budget.within(LOT_MS)))
      if (order !== undefined) return { result: 'met', order }
    }
    if (!encoded.hasConditional && !encoded.hasAppend) {
      for (const physical of [true, false]) {
        const answer = decideSources(encoded, physical, budget.within(SOURCES_MS), steps / encoded.length)
        if (answer !== undefined) return answer
      }
    }
    return answerOf(runFor(steps - FIRST_STEPS), search)
  } finally {
    search.release()
  }
}

export function decideSources(
  encoded: Encoded,
  physical: boolean,
  budget: Budget,
  saturations: number,
): Sequentiality | undefined {
  const confirm = (facts: ReadsFrom): Sequentiality | 'violated' | 'stopped' => {
    const answer = decideUnique(facts, budget)
    if (answer.result === 'met') return answer
    return answer.result === 'violated' ? 'violated' : 'stopped'
  }
  const answer = inTime(
    () => chooseSources(encoded, { physical, saturations, confirm }, budget),
    () => 'stopped' as const,
  )
  if (answer === 'stopped' || (answer === 'violated' && physical)) return undefined
  return answer === 'violated' ? { result: 'violated' } : answer
}

const FIRST_STEPS = 40_960

/** The maximum time for random attempts to build a legal order (`layOutByLot`), in milliseconds. */
const LOT_MS = 2_000

/** The time for each of two attempts to guess the sources. */
const SOURCES_MS = 4_000

/** Runs a search for at most `steps` steps, and checks the clock after each slice. */
function runSearch(search: SequentialSearch, budget: Budget, steps: number, slice: number): Progress {
  for (let left = steps; left > 0 && !budget.expired(STEPS_OF_MOVE * slice); left -= slice) {
    const progress = inTime(
      () => search.run(Math.min(left, slice)),
      () => 'paused' as const,
    )
    if (progress !== 'paused') return progress
  }
  return 'paused'
}

/** Each move of the search counts as this many steps of the budget. */
const STEPS_OF_MOVE = 10

const LOOKS_IN_SLICE = 16_384
const FEW_PROCESSES = 4

function answerOf(progress: Progress, search: SequentialSearch): Sequentiality {
  if (progress === 'met') return { result: 'met', order: search.order() }
  if (progress === 'violated') return { result: 'violated' }
  return unknown(progress === 'out of memory' ? 'memory' : 'time')
}

const unknown = (limit: 'time' | 'memory'): Sequentiality => ({
  result: 'unknown',
  reason: outOf(limit, 'neither an order of all operations nor a contradiction was found'),
})
