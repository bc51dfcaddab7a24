import type { Encoded } from '../../encoding/encoded.ts'
import type { WeakDefinition } from '../../levels/definition.ts'
import type { Budget } from '../../limits/budget.ts'
import { notRecorded } from '../../verdict/reason.ts'
import { type Choices, choicesOf } from '../sequential/choices.ts'
import { NO_READ } from '../sequential/reads-from.ts'
import { met, OUT_OF, type WeakAnswer } from './answer.ts'
import { type BranchedClient, branchedClients, judgeClient, searchClient } from './orders/client-views.ts'
import { createRelations, type Relations } from './orders/contradiction.ts'
import { type CausalOrder, type Facts, factsOf } from './orders/order.ts'
import { createViews } from './orders/view.ts'

/** A search for the sources of reads of repeated values. */
interface Search {
  readonly choices: Choices
  /** The facts. `writerOf` holds the sources chosen so far. */
  readonly facts: Facts
  readonly branched: readonly BranchedClient[]
  /** The threads of the clients in `branched`. */
  readonly apart: ReadonlySet<number>
  readonly budget: Budget
  readonly steps: number
  /** The number of passes over the whole history that remain. */
  readonly limit: { left: number }
}

const TOO_MANY_SOURCES = {
  result: 'unknown',
  reason: notRecorded('values are written more than once, and there are too many possible sources of the reads'),
} as const satisfies WeakAnswer

const NEITHER_FOUND = {
  result: 'unknown',
  reason: notRecorded(
    'values are written more than once, and neither a possible source of every read nor a contradiction was found',
  ),
} as const satisfies WeakAnswer

/**
 * Decides a level for a history with repeated values, by trying the possible sources of the reads. @throws OutOfTime
 */
export function decideRepeated(given: Encoded, level: WeakDefinition, budget: Budget, steps: number): WeakAnswer {
  const choices = choicesOf(given, budget)
  if (choices === undefined) return TOO_MANY_SOURCES
  try {
    const search = searchAmong(choices, budget, steps)
    return level.sourcesChosenBy === 'each client' ? decideViews(search) : decideShared(search, level)
  } finally {
    choices.release()
  }
}

function searchAmong(choices: Choices, budget: Budget, steps: number): Search {
  const { encoded } = choices
  const facts = factsOf({ encoded, writerOf: new Int32Array(encoded.length).fill(NO_READ) }, budget)
  const branched = branchedClients(encoded, facts.threads)
  const apart = new Set(branched.flatMap((client) => client.threads))
  return { choices, facts, branched, apart, budget, steps, limit: { left: steps } }
}

/** Decides a level at which all clients agree on the source of each read. */
function decideShared(search: Search, level: WeakDefinition): WeakAnswer {
  const { choices, facts, budget, limit } = search
  const hasViews = level.sourcesChosenBy === 'all, then each client'
  let last: Relations | undefined
  let isUncertain = false
  const holds = (isComplete: boolean): boolean => {
    const relations = createRelations(facts, budget)
    try {
      // The views of clients can be judged only after every read has a source. Before that, only the causal order is
      // judged.
      const judged = hasViews ? relations.inCausalPast() : level.contradiction(relations)
      if (judged === 'out of memory' || judged === 'out of time') limit.left = 0
      if (judged !== 'none') return false
      const views = isComplete && hasViews ? explainedByViews(search, relations) : 'yes'
      if (views === 'perhaps') isUncertain = true
      if (views !== 'yes') return false
      last = relations
      return true
    } finally {
      relations.release()
    }
  }
  const answer = choose(choices, facts.writerOf, holds, budget, limit)
  if (answer === 'met' && last !== undefined) return met(last, choices.indices)
  if (answer === 'violated' && !isUncertain && limit.left > 0) return { result: 'violated' }
  // Decides PRAM instead, with certainty even for repeated values. A history that violates PRAM also violates this
  // level, because an order that respects causal order respects client order, too.
  if (isUncertain && decideViews(search).result === 'violated') return { result: 'violated' }
  return NEITHER_FOUND
}

/** Decides PRAM: each client by itself may choose which writes its reads saw. */
function decideViews(search: Search): WeakAnswer {
  const { choices, facts, branched, apart, budget, steps } = search
  const { threads, writerOf } = facts
  const views = createViews(facts, undefined, budget)
  try {
    for (let thread = 0; thread < threads.count; thread++) {
      if (apart.has(thread)) continue
      const one = chooseAmong(search, readsOf(search, thread), () => views.conflictOf(thread, writerOf) === undefined)
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

const readsOf = ({ choices, facts }: Search, thread: number): readonly number[] =>
  choices.reads.flatMap((read, n) => (facts.threads.of[read] === thread ? [n] : []))

function chooseAmong(
  { choices, facts, budget, limit }: Search,
  numbers: readonly number[],
  fits: () => boolean,
): Chosen['result'] {
  const some = { reads: numbers.map((n) => choices.reads[n]), candidates: numbers.map((n) => choices.candidates[n]) }
  return choose(some, facts.writerOf, fits, budget, limit)
}

/**
 * Decides whether each read of each process has an order that respects the causal order and explains the read and the
 * earlier reads of the process. If values repeat, the sources of these reads may be chosen anew for each such order,
 * but only among the writes that causally precede the read. Returns `perhaps` if a read has no such order, but might
 * have one if more writes causally preceded it.
 */
function explainedByViews(search: Search, relations: Relations): 'yes' | 'no' | 'perhaps' {
  const { facts, branched, apart, budget, limit } = search
  const order = relations.order()
  if (order === undefined) return 'no'
  const views = createViews(facts, order, budget)
  for (let thread = 0; thread < facts.threads.count; thread++) {
    if (apart.has(thread) || views.conflictOf(thread, facts.writerOf) === undefined) continue
    const answer = explainedByThread(search, thread, views, order)
    if (answer !== 'yes') return answer
  }
  for (const client of branched) {
    const judged = judgeClient(facts, client, order, budget)
    if (judged === 'none') continue
    if (judged !== 'out of memory' && judged !== 'out of time') return 'perhaps'
    limit.left = 0
    return 'no'
  }
  if (views.stopped() === undefined) return 'yes'
  limit.left = 0
  return 'no'
}

function explainedByThread(
  search: Search,
  thread: number,
  views: ReturnType<typeof createViews>,
  order: CausalOrder,
): 'yes' | 'no' | 'perhaps' {
  const { choices, facts, budget, limit } = search
  const own = readsOf(search, thread)
  for (let count = 1; count <= own.length; count++) {
    const read = choices.reads[own[count - 1]]
    if (views.conflictOf(thread, facts.writerOf, read) === undefined) continue
    const inPast = (writer: number): boolean => writer < 0 || order.precedes(writer, read)
    const explained = own.slice(0, count)
    const chosen = facts.writerOf.slice()
    const some = {
      reads: explained.map((n) => choices.reads[n]),
      candidates: explained.map((n) => choices.candidates[n].filter(inPast)),
    }
    const answer = choose(some, chosen, () => views.conflictOf(thread, chosen, read) === undefined, budget, limit)
    if (answer === 'met') continue
    const more = explained.some((n) => choices.candidates[n].some((w) => !inPast(w) && !order.precedes(read, w)))
    return answer === 'unknown' || more ? 'perhaps' : 'no'
  }
  return 'yes'
}

type Chosen =
  | { readonly result: 'met'; readonly writerOf: Int32Array }
  | { readonly result: 'violated' }
  | { readonly result: 'unknown' }

/**
 * Searches for sources of the given reads that satisfy `holds`, one read at a time. `holds` also judges partial
 * choices, in which undecided reads are NO_READ. It may refuse a partial choice only if it would refuse all
 * completions. `steps` bounds the number of calls.
 */
function choose(
  choices: Pick<Choices, 'reads' | 'candidates'>,
  writerOf: Int32Array,
  holds: (complete: boolean) => boolean,
  budget: Budget,
  steps: { left: number },
): Chosen['result'] {
  const { reads, candidates } = choices
  const open: number[] = []
  for (let n = 0; n < reads.length; n++) {
    if (candidates[n].length === 0) return 'violated'
    if (candidates[n].length === 1) writerOf[reads[n]] = candidates[n][0]
    else {
      writerOf[reads[n]] = NO_READ
      open.push(n)
    }
  }
  if (!holds(open.length === 0)) return 'violated'
  if (open.length > steps.left) return 'unknown'
  const next = new Int32Array(open.length + 1)
  for (let depth = 0; depth < open.length; ) {
    if (steps.left-- <= 0 || budget.expired(reads.length)) return 'unknown'
    const n = open[depth]
    if (next[depth] === candidates[n].length) {
      writerOf[reads[n]] = NO_READ
      next[depth] = 0
      if (depth-- === 0) return 'violated'
      continue
    }
    writerOf[reads[n]] = candidates[n][next[depth]++]
    if (holds(depth === open.length - 1)) depth++
  }
  return 'met'
}
