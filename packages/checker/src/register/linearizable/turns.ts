import type { Json } from '@chaosproxy/history'
import { compact, type Encoded } from '../../encoding/encoded.ts'
import { type Budget, inSlices } from '../../limits/budget.ts'
import { type Limit, type Race, rankOf } from '../../limits/race.ts'
import { faultOnOneKey } from '../replay/replay.ts'
import type { onlyCases } from '../start/cases.ts'
import type { Violation } from './portfolio/answer.ts'
import { STEPS_OF_MOVE } from './portfolio/portfolio.ts'
import type { Search } from './search/search.ts'

export type JsonOf = (name: number) => Json

/** A search that has begun for one case: the history of one key (a part) with one of its possible initial values. */
export interface Task {
  readonly part: number
  /** The index of the case in `Cases.cases`. */
  readonly number: number
  readonly operations: Encoded
  readonly search: Search
}

/** The results so far for the keys of one history. */
export interface Undertaking {
  readonly encoded: Encoded
  readonly parts: readonly Encoded[]
  readonly cases: Cases
  readonly numberOf: (part: number) => number
  readonly jsonOf: JsonOf
  readonly budget: Budget
  readonly race: Race
  /** The order found for each part, once it is verified. */
  readonly orders: (Int32Array | undefined)[]
  readonly conflicts: Map<number, readonly number[]>
}

type Cases = ReturnType<typeof onlyCases>

/**
 * `FIRST_STEPS`: the number of steps per operation in the first turn. `GROWTH`: the factor by which each further turn
 * is longer.
 */
export const FIRST_STEPS = 20
const GROWTH = 8
const SLICE = 4096

/** Runs the open searches in turns. Returns a violation or the limit reached, if any. */
export function takeTurns(work: Undertaking, open: Task[]): Violation | Limit | undefined {
  const { parts, cases, numberOf, jsonOf, budget, race, orders, conflicts } = work
  let steps = FIRST_STEPS
  let undecided = open.splice(0)
  let exhausted: Limit | undefined = budget.expired(0) ? 'time' : undefined
  for (let turn = 1; undecided.length > 0 && exhausted !== 'time'; turn++) {
    const still: typeof undecided = []
    for (const task of undecided) {
      const { part, number, operations, search } = task
      if (orders[part] !== undefined) {
        search.release()
        continue
      }
      if (exhausted === 'time') {
        still.push(task)
        continue
      }
      const rank = rankOf(turn, numberOf(part))
      const isOver = (stepsDone: number): boolean => budget.expired(stepsDone) || race.isBeaten(rank)
      const progress = runInSlices(search, steps * (operations.length + 1), isOver)
      if (progress === 'met') {
        const order = search.order().slice()
        verify(operations, part, order, jsonOf)
        orders[part] = order
        search.release()
      } else if (progress === 'violated') {
        const culprit = operations.returns.indexOf(search.culpritReturn())
        const violated = compact(parts[part])
        const found = cases.refute(number, () => violated.returns[culprit])
        if (found === undefined) {
          search.release()
          continue
        }
        for (const each of undecided) each.search.release()
        const conflict = conflicts.get(part) ?? []
        return { result: 'violated', part: violated, culpritReturn: () => found(violated), conflict, rank }
      } else if (progress === 'out of memory') {
        exhausted = 'memory'
        search.release()
      } else {
        if (progress === 'out of time') exhausted = 'time'
        still.push(task)
      }
    }
    undecided = still
    steps *= GROWTH
  }
  for (const { search } of undecided) search.release()
  return exhausted
}

/** Replays an order before it is reported. A wrong order is a bug of the checker. */
export function verify(part: Encoded, key: number, order: Int32Array, jsonOf: JsonOf): void {
  const fault = faultOnOneKey(part, order, jsonOf)
  if (fault === undefined) return
  throw new Error(`the order found for key ${key} is not a witness of linearizability: ${fault}`)
}

export const runInSlices = (search: Search, steps: number, isOver: (stepsDone: number) => boolean) =>
  inSlices(search.run, steps, SLICE, (done) => isOver(STEPS_OF_MOVE * done))

/**
 * The clock is checked each time that this many operations were decided in linear time. Each part has a fixed cost, so
 * it counts as if it had `OPERATIONS_FOR_A_PART` more operations.
 */
export const OPERATIONS_PER_LOOK = 16_384
const OPERATIONS_FOR_A_PART = 64

/** Returns a function to call for each part. The function returns whether the clock must be checked. */
export function createDue(): (part: Encoded) => boolean {
  let sinceLook = 0
  return ({ length }) => {
    sinceLook += length + OPERATIONS_FOR_A_PART
    if (sinceLook < OPERATIONS_PER_LOOK) return false
    sinceLook = 0
    return true
  }
}
