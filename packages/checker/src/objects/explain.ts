import { type Budget, inTime } from '../budget.ts'
import { shrink } from '../counterexample/shrink.ts'
import { NEVER } from '../encoded.ts'
import type { Counterexample } from '../verdict.ts'
import { contradicts, type Judge } from './decide.ts'
import { closedUnder } from './object-model.ts'
import { choose, type Part } from './part.ts'
import { sentenceOf } from './words.ts'

/** Context is shown up to this many operations. */
const MOST_SHOWN = 40
/** From more operations than this a core is not looked for one by one. */
const MOST_REDUCED = 2_000
const FIRST_WINDOW = 4
const stepsFor = (part: Part): number => 20_000 + 200 * part.length

interface Violated {
  readonly part: Part
  readonly conflict: readonly number[]
  readonly until: number | undefined
}

/**
 * Cuts a contradiction down without inventing one: nothing is left out on which a result that stays may rest (see
 * `ObjectModel.related`), so that what is shown is a true explanation. The core is what is left when all goes that does
 * not take away what a result rests on.
 */
export function explainObject(violated: Violated, judge: Judge, budget: Budget): Counterexample {
  return inTime(
    () => reduced(violated, judge, budget),
    () => wholeObject(violated),
  )
}

/** @throws OutOfTime where there is no time to cut anything down. */
function reduced(violated: Violated, judge: Judge, budget: Budget): Counterexample {
  const { part, conflict } = violated
  const all = Array.from({ length: part.length }, (_, i) => i)
  // What was called later has no part in it.
  const end = violated.until ?? NEVER
  const operations = choose(
    part,
    all.filter((i) => part.calls[i] <= end),
  )
  const isContradiction = (indices: readonly number[]): boolean =>
    contradicts(choose(operations, indices), judge, budget, stepsFor(operations)) === true
  const related = judge.related(operations, budget)
  // Of the last choice that was found contradictory.
  let completion: readonly number[] | undefined
  const enough = (some: readonly number[]): boolean => {
    const completed = related(some)
    const holds = isContradiction(completed)
    if (holds) completion = completed
    return holds
  }
  const chosen = shrink(startOf(operations, conflict, enough, budget), enough, budget)
  const shown = completion ?? related(chosen)
  const core = inTime(
    () =>
      coreOf(chosen, shown, {
        isContradiction,
        isSupported: () => judge.supports?.(operations, budget) ?? closedUnder(related),
        conflict,
        budget,
      }),
    () => shown,
  )
  const rows = shown.length > MOST_SHOWN ? core : shown
  const inCore = new Set(core)
  const culprit = culpritOf(operations, core)
  const { row } = operations
  return {
    level: 'linearizable',
    sentence: sentenceOf(choose(operations, core), judge.rule, judge.beside?.(row[culprit])),
    operations: [...new Set(rows.map((i) => row[i]))].map((r) => ({
      operation: r,
      role: rows.some((i) => row[i] === r && inCore.has(i)) ? ('core' as const) : ('context' as const),
    })),
    keys: part.key === undefined ? [] : [part.key],
    culprit: row[culprit],
  }
}

/** A contradiction that there was no time to look into. */
function wholeObject({ part }: Violated): Counterexample {
  return {
    level: 'linearizable',
    sentence: `No order of these ${part.length} operations is legal.`,
    get operations() {
      return [...new Set(part.row)].map((operation) => ({ operation, role: 'core' as const }))
    },
    keys: part.key === undefined ? [] : [part.key],
  }
}

interface Reducing {
  readonly isContradiction: (some: readonly number[]) => boolean
  readonly isSupported: () => (some: readonly number[]) => boolean
  readonly conflict: readonly number[]
  readonly budget: Budget
}

/**
 * What is left when all goes that does not take away what a result rests on. Where that is more than a person can see: the
 * operations between which the contradiction was found, though what their results rest on is not among them.
 */
function coreOf(
  chosen: readonly number[],
  shown: readonly number[],
  { isContradiction, isSupported, conflict, budget }: Reducing,
): readonly number[] {
  if (shown.length <= MOST_REDUCED) {
    const supported = isSupported()
    const core = shrink(shown, (some) => supported(some) && isContradiction(some), budget)
    if (core.length <= MOST_SHOWN) return core
  }
  const named = conflict.toSorted((a, b) => a - b)
  if (named.length > 0 && named.length <= MOST_SHOWN && isContradiction(named)) return named
  return shrink(isContradiction(chosen) ? chosen : shown, isContradiction, budget)
}

/** A part that is contradictory with what it rests on: the conflict that was named or the last operations, else all. */
function startOf(
  operations: Part,
  conflict: readonly number[],
  enough: (some: readonly number[]) => boolean,
  budget: Budget,
): readonly number[] {
  if (conflict.length > 0 && enough(conflict)) return conflict.toSorted((a, b) => a - b)
  const end = conflict.reduce((last, i) => Math.max(last, operations.returns[i]), conflict.length > 0 ? 0 : NEVER)
  const all = Array.from({ length: operations.length }, (_, i) => i)
  const completed = all
    .filter((i) => operations.returns[i] !== NEVER && operations.returns[i] <= end)
    .sort((a, b) => operations.returns[a] - operations.returns[b])
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(); size *= 4) {
    const last = completed.slice(-size).sort((a, b) => a - b)
    if (enough(last)) return last
  }
  return all
}

/** The last operation of the core to return. */
function culpritOf(part: Part, core: readonly number[]): number {
  let last = core[0]
  for (const i of core) {
    if (part.returns[i] !== NEVER && (part.returns[last] === NEVER || part.returns[i] > part.returns[last])) last = i
  }
  return last
}
