import { NEVER } from '../../encoding/encoded.ts'
import { addTo } from '../../encoding/lists.ts'
import { type OperationRow, placeOf } from '../../encoding/operation-row.ts'
import type { Specification } from '../../judge/model.ts'
import { type Budget, inSlices, inTime, ticking } from '../../limits/budget.ts'
import type { Limit } from '../../limits/race.ts'
import type { Judging } from '../../proof/judged-lines.ts'
import { outOf, type Reason } from '../../verdict/reason.ts'
import { type Balance, unknownBecause } from '../../verdict/verdict.ts'
import { byModel, type Machine, machineOf, STEPS_OF_MOVE } from '../model/machine.ts'
import type { Closure, ObjectModel } from '../model/object-model.ts'
import { choose, operationAt, type Part } from '../model/part.ts'
import { type FastAnswer, NOT_APPLICABLE } from '../model/slots.ts'
import { supposed } from '../supposed/supposed.ts'
import { createFrugalSearch } from './frugal.ts'
import { createGuidedSearch, createSearchInTurn, type Supposing } from './guided.ts'
import { createObjectSearch, type ObjectSearch } from './search.ts'

/** The specification of one object, and faster methods for deciding it. */
export interface Judge {
  readonly model: string
  readonly specification: Specification<unknown>
  readonly machine?: ((part: Part, budget: Budget) => Machine | undefined) | undefined
  readonly isRead: (number: number) => boolean
  /**
   * Reports whether a function never changes the object. Unlike `isRead`, it accepts reads that reveal the initial
   * value.
   */
  readonly observes?: ((number: number) => boolean) | undefined
  readonly divide?: ((part: Part, budget: Budget) => readonly (readonly number[])[]) | undefined
  readonly glance?: ((part: Part, budget: Budget) => readonly number[] | undefined) | undefined
  readonly refute?: ((part: Part, budget: Budget) => readonly number[] | undefined) | undefined
  readonly fast?: ((part: Part, budget: Budget) => FastAnswer) | undefined
  readonly simulate?: ((part: Part) => (i: number) => boolean) | undefined
  /** The rule that every correct history obeys. It ends a sentence about a violation. */
  readonly rule: string
  readonly explain?: ObjectModel['explain']
  readonly beside?: ((row: number, output: number, core: Part) => string | undefined) | undefined
  /**
   * Returns the balance after the operations of a contradiction. `Balance.sentence` ends the explanation of the
   * violation.
   */
  readonly aftermath?: ((core: Part, culprit: OperationRow) => Balance | undefined) | undefined
  /** How the verifier judges the object; undefined if it does not support this kind of object. */
  readonly judging?: Judging | undefined
  readonly supports?: ((part: Part, budget: Budget) => (some: readonly number[]) => boolean) | undefined
  /** Whether `related` selects operations by their elements, not by time. */
  readonly isOfElements?: boolean | undefined
  readonly related: (part: Part, budget: Budget) => Closure
  /**
   * For an unknown initial value: returns a judge for each guessed value. The fast method of a judge is tried before
   * its search. `isComplete`: whether no other initial value can explain the part.
   */
  readonly guesses?: ((part: Part, budget: Budget) => Guesses) | undefined
}

interface Guesses {
  readonly judges: readonly Judge[]
  readonly isComplete: boolean
}

export type ObjectAnswer =
  | {
      readonly result: 'met'
      readonly parts: readonly Part[]
      readonly orders: readonly Int32Array[]
      /** For each part: the judge of the guessed initial value that explains it; undefined if no guess was used. */
      readonly judges: readonly (Judge | undefined)[]
    }
  | {
      readonly result: 'violated'
      readonly part: Part
      /** The operations to examine first; empty if unknown. */
      readonly conflict: readonly number[]
      /** The return event at which the search found no explanation left, if known. */
      readonly until?: number
    }
  | { readonly result: 'unknown'; readonly reason: Reason }

/**
 * The parts that the specification allows to be judged separately.
 *
 * @throws OutOfTime
 */
export function shardsOf(parts: readonly Part[], { specification, divide }: Judge, budget: Budget): readonly Part[] {
  const { shard } = specification
  if (divide !== undefined) {
    return parts.flatMap((part) => {
      const groups = divide(part, budget)
      if (groups.length <= 1) return [part]
      return groups.map((indices) => choose(part, indices, budget))
    })
  }
  if (shard === undefined) return parts
  return parts.flatMap((part) => {
    const members = new Map<string, number[]>()
    for (let i = 0; i < part.length; i++) {
      budget.tick()
      const operation = operationAt(part, i)
      const name = byModel(() => shard(operation), `"${operation.f}"`, placeOf(part.history, part.row[i]))
      addTo(members, name, i)
    }
    return members.size === 1 ? [part] : [...members.values()].map((indices) => choose(part, indices, budget))
  })
}

/**
 * The searches of the parts take turns. `FIRST_STEPS`: the steps per operation in the first turn of each search.
 * `GROWTH`: the factor by which this number grows from turn to turn.
 */
const FIRST_STEPS = 20
const GROWTH = 8
const SLICE = 2048

/** Decides each part separately. Parts that need a search take turns, with growing step budgets. */
export function decideObjects(parts: readonly Part[], judge: Judge, budget: Budget): ObjectAnswer {
  const orders: (Int32Array | undefined)[] = parts.map(() => undefined)
  const judges: (Judge | undefined)[] = parts.map(() => undefined)
  let open: { readonly part: number; readonly search: ObjectSearch }[] = []
  try {
    let exhausted: 'time' | 'memory' | undefined
    const seen = glanceAt(
      parts.filter(({ length }) => length >= LONG),
      judge,
      budget,
    )
    if (seen !== undefined) return seen
    for (const p of inTurn(parts)) {
      const part = parts[p]
      const begun = inTime(() => begin(part, judge, budget))
      if (begun === undefined) exhausted = 'time'
      else if ('run' in begun) open.push({ part: p, search: begun })
      else if (begun.result === 'met') {
        orders[p] = begun.order
        judges[p] = begun.by
      } else {
        const obvious = begun.conflict.length === 0 ? obviousContradiction(part, judge, budget) : undefined
        return obvious ?? { result: 'violated', part, conflict: begun.conflict }
      }
      if ((p & 0xff) === 0xff && budget.expired(0xff)) exhausted = 'time'
      if (exhausted !== undefined) break
    }
    if (budget.expired(0)) exhausted = 'time'
    for (let steps = FIRST_STEPS; open.length > 0 && exhausted === undefined; steps *= GROWTH) {
      const still: typeof open = []
      for (const task of open) {
        const { part, search } = task
        const progress = exhausted === 'time' ? 'paused' : runInSlices(search, steps * (parts[part].length + 1), budget)
        // Most searches find an order in their first turn. If a search does not, the part may have no order, and
        // arithmetic may prove this faster than further turns.
        const isHard = steps === FIRST_STEPS && (progress === 'paused' || progress === 'out of memory')
        const refuted = isHard ? refutedBy(parts[part], judge, budget) : undefined
        if (refuted !== undefined) return refuted
        if (progress === 'violated') {
          const until = parts[part].returns[search.culprit()]
          // A contradiction found without a search is simpler to explain.
          return (
            obviousContradiction(parts[part], judge, budget) ?? {
              result: 'violated',
              part: parts[part],
              conflict: [],
              until,
            }
          )
        }
        if (progress === 'met') orders[part] = search.order()
        if (progress === 'met' || progress === 'out of memory') search.release()
        else still.push(task)
        if (progress === 'out of memory') exhausted = 'memory'
        if (progress === 'out of time') exhausted = 'time'
      }
      open = still
    }
    const decided = orders.filter((order) => order !== undefined)
    if (decided.length === parts.length) return { result: 'met', parts, orders: decided, judges }
    return unknownBecause(reasonOf(exhausted, decided.length, parts.length))
  } finally {
    for (const { search } of open) search.release()
  }
}

/**
 * A part with at least this many operations is examined by `glance` before any part is decided. If all parts together
 * have at least this many operations, the shortest parts are decided first.
 */
const LONG = 20_000

function glanceAt(parts: readonly Part[], { glance }: Judge, budget: Budget): ObjectAnswer | undefined {
  if (glance === undefined) return undefined
  for (const part of parts) {
    const conflict = inTime(() => glance(part, budget))
    if (conflict !== undefined) return { result: 'violated', part, conflict }
  }
  return undefined
}

/** Looks for a contradiction without a search, because such a contradiction is simpler to explain. */
const obviousContradiction = (part: Part, judge: Judge, budget: Budget): ObjectAnswer | undefined =>
  glanceAt([part], judge, budget) ?? refutedBy(part, judge, budget)

function refutedBy(part: Part, { refute }: Judge, budget: Budget): ObjectAnswer | undefined {
  const conflict = inTime(() => refute?.(part, budget))
  return conflict === undefined ? undefined : { result: 'violated', part, conflict }
}

/** In long histories, objects with few operations come first, because their violations are found soonest. */
function inTurn(parts: readonly Part[]): readonly number[] {
  const numbers = Array.from(parts.keys())
  const total = parts.reduce((sum, { length }) => sum + length, 0)
  return total < LONG ? numbers : numbers.sort((a, b) => parts[a].length - parts[b].length || a - b)
}

function begin(part: Part, judge: Judge, budget: Budget): Quick | ObjectSearch {
  const { fast, guesses } = judge
  const decided = guesses === undefined ? fast?.(part, budget) : undefined
  if (decided !== undefined && decided.result !== 'not applicable') return decided
  return (guesses && guessed(part, guesses, budget)) ?? searchOf(part, judge, budget)
}

type Quick = Exclude<FastAnswer, { readonly result: 'not applicable' }> & { readonly by?: Judge }

const GUESS_STEPS = 20

function guessed(part: Part, guesses: NonNullable<Judge['guesses']>, budget: Budget): Quick | undefined {
  const { judges, isComplete } = guesses(part, budget)
  let violated: Quick | undefined
  let isRefuted = isComplete
  for (const by of judges) {
    const answer = by.fast?.(part, budget) ?? NOT_APPLICABLE
    if (answer.result === 'met') return { ...answer, by }
    if (answer.result === 'violated') {
      violated = answer
      continue
    }
    isRefuted = false
    const order = by.machine === undefined ? undefined : orderFound(part, by, budget)
    if (order !== undefined) return { result: 'met', order, by }
  }
  return isRefuted ? violated : undefined
}

function orderFound(part: Part, judge: Judge, budget: Budget): Int32Array | undefined {
  const search = searchOf(part, judge, budget)
  const progress = runInSlices(search, GUESS_STEPS * (part.length + 1), budget)
  const order = progress === 'met' ? search.order() : undefined
  search.release()
  return order
}

/**
 * Whether a few operations are contradictory; `unknown` if `steps` steps do not decide it.
 *
 * @throws OutOfTime
 */
export function contradicts(part: Part, judge: Judge, budget: Budget, steps: number): boolean | 'unknown' {
  const search = begin(part, judge, budget)
  if (!('run' in search)) return search.result === 'violated'
  const firstSteps = Math.min(steps, FIRST_STEPS * (part.length + 1))
  let progress = runInSlices(search, firstSteps, budget)
  if (progress === 'paused' && judge.refute?.(part, budget) !== undefined) progress = 'violated'
  if (progress === 'paused') progress = runInSlices(search, steps - firstSteps, budget)
  search.release()
  return progress === 'violated' ? true : progress === 'met' ? false : 'unknown'
}

/**
 * The number of steps per operation after which a second search begins, which is guided by reads. Ordinary histories
 * need fewer.
 */
const STEPS_ALONE = 100

function searchOf(part: Part, judge: Judge, budget: Budget): ObjectSearch {
  const { specification, isRead } = judge
  const machineFor = (some: Part): Machine => judge.machine?.(some, budget) ?? machineOf(specification, some, budget)
  const machine = machineFor(part)
  const { code, weights } = machine
  const inFull = createObjectSearch(part, machine, isRead, budget)
  if (weights === undefined) return inFull
  const suppose = (): Supposing | undefined => {
    const likely = supposed({ part, code, weights, isRead }, budget)
    if (likely === undefined) return undefined
    return { supposed: likely, search: createObjectSearch(likely.part, machineFor(likely.part), isRead, budget) }
  }
  const ordinary = part.returns.includes(NEVER) ? createGuidedSearch(part.length, inFull, suppose) : inFull
  return createSearchInTurn(STEPS_ALONE * (part.length + 1), ordinary, () =>
    createFrugalSearch(part, { ...machineFor(part), weights, isRead }, budget),
  )
}

const runInSlices = (search: ObjectSearch, steps: number, budget: Budget) =>
  inSlices(search.run, steps, SLICE, (done) => budget.expired(STEPS_OF_MOVE * done))

const reasonOf = (exhausted: Limit = 'time', decided: number, parts: number): Reason =>
  outOf(
    exhausted,
    parts === 1
      ? 'the search found neither an order nor a contradiction'
      : `${decided} of ${parts} objects are linearizable, no contradiction was found in the others`,
  )

/**
 * The default of `ObjectModel.related`: adds every operation, except reads, that was called before a chosen or added
 * operation returned. An operation of unknown outcome depends on nothing, because it can be left out.
 */
export const relatedByTime =
  (isRead: (number: number) => boolean) =>
  (part: Part, budget: Budget): Closure =>
  (chosen) => {
    const kept = new Set<number>()
    let last = -1
    const keep = (i: number): void => {
      kept.add(i)
      if (part.returns[i] !== NEVER && part.returns[i] > last) last = part.returns[i]
    }
    for (const i of chosen) keep(i)
    for (let i = 0; i < part.length && part.calls[i] < last; i++) {
      budget.tick()
      if (!isRead(part.f[i])) keep(i)
    }
    return [...kept].sort(ticking((a, b) => a - b, budget))
  }
