import { NEVER } from '../encoding/encoded.ts'
import { type Budget, createAllowance, inTime } from '../limits/budget.ts'
import { limit, watched } from '../register/counterexample/reduce.ts'
import { shrink } from '../search/shrink.ts'
import { type Counterexample, MOST_OPERATIONS, type Uncut } from '../verdict/verdict.ts'
import { closedUnder } from './model/object-model.ts'
import { choose, type Part } from './model/part.ts'
import { sentenceOf } from './model/words.ts'
import { contradicts, type Judge } from './search/decide.ts'

/** Context is shown up to this many operations. */
const MOST_SHOWN = 40
/** Above this size, do not try dropping operations one at a time. */
const MOST_REDUCED = 2_000
const FIRST_WINDOW = 4
const stepsFor = (part: Part): number => 20_000 + 200 * part.length

interface Violated {
  readonly part: Part
  readonly conflict: readonly number[]
  readonly until: number | undefined
}

/**
 * Reduces a contradiction without inventing one: keeps everything that a remaining result may depend on (see
 * `ObjectModel.related`), so that what is shown is a true explanation. The core is what remains after removing
 * everything that no result depends on.
 */
export function explainObject(violated: Violated, judge: Judge, budget: Budget): Counterexample {
  const watch = watched(budget)
  return inTime(
    () => {
      const part = violated.part.length > LONG ? around(violated, judge, watch.budget) : undefined
      const limitReached = watch.limit()
      if (violated.part.length > LONG && part === undefined) return nearest(violated, judge, limitReached ?? 'size')
      return reduced(part ?? violated, judge, violated.part.length, watch)
    },
    () => nearest(violated, judge, watch.limit() ?? 'time'),
  )
}

/** Longer histories are not reduced as a whole: only what the named contradiction depends on is. */
const LONG = 20_000

/** Depending on more operations than this is too much. */
const MOST_AROUND = 2_000

/**
 * The named operations with everything they depend on, as a part of their own; undefined if none were named, or that is
 * too much.
 *
 * @throws OutOfTime
 */
function around({ part, conflict }: Violated, judge: Judge, budget: Budget): Violated | undefined {
  if (conflict.length === 0) return undefined
  const indices = judge.related(part, budget)(conflict)
  if (indices.length > MOST_AROUND) return undefined
  const place = new Map(indices.map((i, at) => [i, at]))
  return { part: choose(part, indices), conflict: conflict.map((i) => place.get(i) ?? 0), until: undefined }
}

/** A contradiction that could not be reduced: the named operations, or those called last before it was complete. */
function nearest({ part, conflict, until = NEVER }: Violated, judge: Judge, why: Uncut['why']): Counterexample {
  const named = conflict.toSorted((a, b) => a - b).slice(-MOST_OPERATIONS)
  const last: number[] = []
  for (let i = part.length - 1; i >= 0 && last.length < MOST_OPERATIONS; i--) if (part.calls[i] <= until) last.push(i)
  const chosen = named.length > 0 ? named : last.reverse()
  const set = choose(part, chosen)
  const standsAlone = isSure(set, judge) && isSurelySupported(part, chosen, judge)
  const isTold = standsAlone && named.length > 0 && named.length <= MOST_SHOWN
  const culprit = set.row[culpritOf(set, Array.from(set.row.keys()), judge)]
  return {
    level: 'linearizable',
    ...(isTold ? told(set, culprit, judge) : { sentence: `No order of these ${part.length} operations is legal.` }),
    operations: [...new Set(set.row)].map((operation) => ({ operation, role: 'core' as const })),
    keys: part.key === undefined ? [] : [part.key],
    culprit: isTold ? culprit : undefined,
    uncut: { why, among: part.length, standsAlone },
  }
}

/** @throws OutOfTime if there is no time to reduce anything. */
function reduced(
  violated: Violated,
  judge: Judge,
  among: number,
  { budget, limit: limitReached }: ReturnType<typeof watched>,
): Counterexample {
  const { part, conflict } = violated
  const all = Array.from({ length: part.length }, (_, i) => i)
  // Later calls have no part in it, and what had not returned by then may yet come after them.
  const operations = violated.until === undefined ? part : until(part, all, violated.until, judge)
  const isContradiction = (indices: readonly number[]): boolean =>
    contradicts(choose(operations, indices), judge, budget, stepsFor(operations)) === true
  const related = judge.related(operations, budget)
  // The completion of the last choice found contradictory.
  let completion: readonly number[] | undefined
  const enough = (some: readonly number[]): boolean => {
    const completed = related(some)
    const holds = isContradiction(completed)
    if (holds) completion = completed
    return holds
  }
  const chosen = shrink(startOf(operations, conflict, enough, budget), enough, budget)
  const closed = completion ?? related(chosen)
  const core = inTime(
    () =>
      coreOf(chosen, closed, {
        isContradiction,
        isSupported: () =>
          judge.supports?.(operations, budget) ??
          closedUnder(related, (i) => (judge.observes ?? judge.isRead)(operations.f[i])),
        conflict,
        budget,
      }),
    () => closed,
  )
  const makesSure = (some: readonly number[]): boolean => isSure(choose(operations, some), judge)
  const { shown, uncut } = limit(core, operations, { among, limit: limitReached(), makesSure })
  const culprit = culpritOf(operations, core, judge)
  const set = choose(operations, shown)
  return {
    level: 'linearizable',
    ...told(set, operations.row[culprit], judge),
    operations: [...new Set(set.row)].map((operation) => ({ operation, role: 'core' as const })),
    keys: part.key === undefined ? [] : [part.key],
    culprit: operations.row[culprit],
    uncut,
  }
}

function told(
  core: Part,
  culprit: number,
  { rule, tell, beside, aftermath }: Judge,
): Pick<Counterexample, 'sentence' | 'balance'> {
  const sentence = tell?.(core.history, [...new Set(core.row)], culprit) ?? sentenceOf(core, rule, beside?.(culprit))
  const balance = aftermath?.(core, culprit)
  return balance === undefined ? { sentence } : { sentence: `${sentence} ${balance.sentence}`, balance }
}

/** Looks allowed for verifying a few operations. */
const ALLOWED_LOOKS = 100

/** Whether a few operations are contradictory by themselves, decided without reading the clock. */
const isSure = (some: Part, judge: Judge): boolean =>
  inTime(
    () => contradicts(some, judge, createAllowance(ALLOWED_LOOKS), stepsFor(some)) === true,
    () => false,
  )

/** Whether a few operations contain what their results depend on, as far as the object can tell which do. */
const isSurelySupported = (part: Part, some: readonly number[], { supports }: Judge): boolean =>
  inTime(
    () => supports?.(part, createAllowance(ALLOWED_LOOKS))(some) ?? true,
    () => false,
  )

interface Reducing {
  readonly isContradiction: (some: readonly number[]) => boolean
  readonly isSupported: () => (some: readonly number[]) => boolean
  readonly conflict: readonly number[]
  readonly budget: Budget
}

/**
 * What remains after removing everything that no result depends on. If that is more than a person can read: the
 * operations of the contradiction alone, without what their results depend on.
 */
function coreOf(
  chosen: readonly number[],
  shown: readonly number[],
  { isContradiction, isSupported, conflict, budget }: Reducing,
): readonly number[] {
  const supported = isSupported()
  const isReal = (some: readonly number[]): boolean => supported(some) && isContradiction(some)
  if (shown.length <= MOST_REDUCED) {
    const core = shrink(shown, isReal, budget)
    if (core.length <= MOST_SHOWN) return core
  }
  const named = conflict.toSorted((a, b) => a - b)
  if (named.length > 0 && named.length <= MOST_SHOWN) {
    if (isReal(named)) return shrink(named, isReal, budget)
    if (isContradiction(named)) return shrink(named, isContradiction, budget)
  }
  return shrink(isContradiction(chosen) ? chosen : shown, isContradiction, budget)
}

/** A contradictory part with what it depends on: the named conflict or the last operations, otherwise everything. */
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
  for (let size = FIRST_WINDOW; size < completed.length && !budget.expired(size); size *= 4) {
    const last = completed.slice(-size).sort((a, b) => a - b)
    if (enough(last)) return last
  }
  return all
}

/**
 * The operation to blame: the first after whose return no order is left, whatever the operations still open then did.
 * That is not always the last to return: a lock's second grant is wrong, not the release after it.
 */
function culpritOf(part: Part, core: readonly number[], judge: Judge): number {
  const returned = core.filter((i) => part.returns[i] !== NEVER).sort((a, b) => part.returns[a] - part.returns[b])
  if (core.length > MOST_SHOWN) return returned[returned.length - 1] ?? core[0]
  const budget = createAllowance(ALLOWED_LOOKS)
  const first = returned.find((i) =>
    inTime(
      () => contradicts(until(part, core, part.returns[i], judge), judge, budget, stepsFor(part)) === true,
      () => false,
    ),
  )
  return first ?? returned[returned.length - 1] ?? core[0]
}

/** What was known at that event: operations called before it, of which those that had not returned are open. */
function until(part: Part, core: readonly number[], event: number, { isRead, observes = isRead }: Judge): Part {
  const isOpen = (i: number): boolean => part.returns[i] > event
  const known = choose(
    part,
    core.filter((i) => part.calls[i] < event && !(isOpen(i) && observes(part.f[i]))),
  )
  return { ...known, returns: known.returns.map((at) => (at > event ? NEVER : at)) }
}
