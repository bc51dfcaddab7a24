import { NEVER } from '../encoding/encoded.ts'
import { ascending } from '../encoding/lists.ts'
import { type Budget, createAllowance, inTime, isSure } from '../limits/budget.ts'
import { type Cutting, provedCore } from '../proof/orders.ts'
import {
  type Contradiction,
  isClosedUnder,
  limit,
  type Prove,
  reduce,
  watched,
  windows,
} from '../register/counterexample/reduce.ts'
import { asCore, type Counterexample, MOST_OPERATIONS, type Uncut } from '../verdict/verdict.ts'
import { choose, type Part } from './model/part.ts'
import { sentenceOf } from './model/words.ts'
import { contradicts, type Judge } from './search/decide.ts'

/** The maximum number of operations for which a counterexample shows context. */
const MOST_SHOWN = 40
export const stepsFor = (part: Part): number => 20_000 + 200 * part.length

interface Violated {
  readonly part: Part
  readonly conflict: readonly number[]
  readonly until?: number
}

/**
 * Explains, with few operations, why an object is not linearizable. If possible, the chosen operations contradict each
 * other even if other operations of the history are added. To ensure this, the choice includes the operations on which
 * the results of chosen operations may depend (see `ObjectModel.related`).
 */
export function explainObject(violated: Violated, judge: Judge, budget: Budget): Counterexample {
  const watch = watched(budget)
  return inTime(
    () => cutDown(violated, judge, watch) ?? nearest(violated, judge, watch.limit() ?? 'size'),
    () => nearest(violated, judge, watch.limit() ?? 'time'),
  )
}

/** In a longer history, only the operations on which the named contradiction depends are reduced. */
const LONG = 20_000

/** In a history longer than `LONG`, a contradiction of more operations than this is not reduced. */
const MOST_AROUND = 2_000

/**
 * Returns a counterexample without reducing it. It contains the operations of `conflict` or, if there are none, the
 * last operations called up to `until`; at most `MOST_OPERATIONS` operations.
 */
function nearest({ part, conflict, until = NEVER }: Violated, judge: Judge, why: Uncut['why']): Counterexample {
  const named = ascending(conflict).slice(-MOST_OPERATIONS)
  const last: number[] = []
  for (let i = part.length - 1; i >= 0 && last.length < MOST_OPERATIONS; i--) if (part.calls[i] <= until) last.push(i)
  const chosen = named.length > 0 ? named : last.reverse()
  const set = choose(part, chosen)
  const isProved = standsAlone(set, judge)
  const isExplained = isProved && named.length > 0 && named.length <= MOST_SHOWN
  const culprit = set.row[culpritOf(set, Array.from(set.row.keys()), judge)]
  return {
    level: 'linearizable',
    ...(isExplained
      ? sentenceAndBalance(set, culprit, judge)
      : { sentence: `No order of these ${part.length} operations is legal.` }),
    ...operationsAndKeys(set),
    culprit: isExplained ? culprit : undefined,
    uncut: { why, among: part.length, standsAlone: isProved },
  }
}

/**
 * Reduces a contradiction; undefined if none is found, or if it is too large.
 *
 * @throws OutOfTime if there is no time to reduce anything.
 */
function cutDown(
  { part, conflict, until = NEVER }: Violated,
  judge: Judge,
  { budget, limit: limitReached }: ReturnType<typeof watched>,
): Counterexample | undefined {
  const isLong = part.length > LONG
  const related = judge.related(part, budget)
  const named = ascending(conflict)
  function* starts(): Generator<readonly number[]> {
    if (named.length > 0) yield named
    if (!isLong) yield* windows(part, until, budget)
  }
  const isContradiction = (indices: readonly number[]): boolean =>
    !(isLong && indices.length > MOST_AROUND) &&
    contradicts(choose(part, indices), judge, budget, stepsFor(part)) === true
  /** Reduces a contradiction that is too large to show. May omit operations that affect the results of the others. */
  const alone = (all: readonly number[]): readonly number[] | undefined => {
    const start = named.length > 0 ? named : (windows(part, until, budget).next().value ?? all)
    const prove = proving(part, { ...judge, supports: () => () => true }, 'linearizable', budget)
    return prove(start, all, isContradiction) ?? (isContradiction(named) ? named : undefined)
  }
  const contradiction: Contradiction = {
    ...{
      starts: starts(),
      complete: related,
      contradicts: isContradiction,
      isClosed: closureTest(part, judge, budget),
    },
    prove: proving(part, judge, 'linearizable', budget),
  }
  const reduced = reduce(contradiction, budget)
  if (reduced === undefined) return undefined
  const core = reduced.length <= MOST_SHOWN ? reduced : (alone(reduced) ?? reduced)
  const makesSure = (some: readonly number[]): boolean => standsAlone(choose(part, some), judge)
  const { kept, uncut } = limit(core, part, { among: part.length, limit: limitReached(), makesSure })
  const culprit = culpritOf(part, core, judge)
  const set = choose(part, kept)
  return {
    level: 'linearizable',
    ...sentenceAndBalance(set, part.row[culprit], judge),
    ...operationsAndKeys(set),
    culprit: part.row[culprit],
    uncut,
  }
}

/** Returns a function that tests whether a set of operations includes everything on which their results may depend. */
const closureTest = (part: Part, { supports, related, isRead, observes = isRead }: Judge, budget: Budget) =>
  supports?.(part, budget) ?? isClosedUnder(related(part, budget), (i) => observes(part.f[i]))

/** Reduces operations to a set that the verifier accepts. */
export function proving(part: Part, judge: Judge, level: 'linearizable' | 'sequential', budget: Budget): Prove {
  const { judging, isOfElements, related } = judge
  const { history, row, returns } = part
  const rowsOf = (some: readonly number[]): readonly number[] => [...new Set(some.map((i) => row[i]))]
  const indicesOf = (rows: readonly number[]): readonly number[] => {
    const there = new Set(rows)
    return [...row.keys()].filter((i) => there.has(row[i]))
  }
  // An operation without an answer may have removed any element.
  const open = [...row.keys()].filter((i) => returns[i] === NEVER)
  const restsOn =
    isOfElements === true
      ? (rows: readonly number[]) => rowsOf([...related(part, budget)(indicesOf(rows)), ...open])
      : undefined
  const isClosed = closureTest(part, judge, budget)
  return (start, among, contradicts) => {
    const holds = (some: readonly number[]): boolean => isClosed(some) && contradicts(some)
    const cutting: Cutting = {
      ...{ history, level, judging, restsOn },
      contradicts: (rows) => holds(indicesOf(rows)),
    }
    const core = provedCore(cutting, rowsOf(start), rowsOf([...among, ...open]), budget)
    return core && indicesOf(core)
  }
}

/** The operations and the key of a counterexample. */
export const operationsAndKeys = ({ row, key }: Part): Pick<Counterexample, 'operations' | 'keys'> => ({
  operations: asCore(new Set(row)),
  keys: key === undefined ? [] : [key],
})

function sentenceAndBalance(
  core: Part,
  culprit: number,
  { rule, explain, beside, aftermath }: Judge,
): Pick<Counterexample, 'sentence' | 'balance'> {
  const remarkOn = (i: number): string | undefined =>
    core.row[i] === culprit ? beside?.(culprit, core.output[i], core) : undefined
  const sentence = explain?.(core.history, [...new Set(core.row)], culprit) ?? sentenceOf(core, rule, remarkOn)
  const balance = aftermath?.(core, culprit)
  return balance === undefined ? { sentence } : { sentence: `${sentence} ${balance.sentence}`, balance }
}

/**
 * The limit of the work for verifying a few operations, in checks of the deadline (see `createAllowance`). The checks
 * only count, and do not read the clock.
 */
const ALLOWED_LOOKS = 100

const standsAlone = (some: Part, judge: Judge): boolean =>
  isSure((allowance) => contradicts(some, judge, allowance, stepsFor(some)) === true)

/**
 * Returns the first operation after whose return no order is possible. This operation is not always the last to return:
 * if a lock is granted twice, the second grant is wrong, and not the release after it.
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

/**
 * Returns the operations of the core that were called before an event. Operations that returned after the event have an
 * unknown outcome in the result, or are omitted if they only observe.
 */
function until(part: Part, core: readonly number[], event: number, { isRead, observes = isRead }: Judge): Part {
  const isOpen = (i: number): boolean => part.returns[i] > event
  const known = choose(
    part,
    core.filter((i) => part.calls[i] < event && !(isOpen(i) && observes(part.f[i]))),
  )
  return { ...known, returns: known.returns.map((at) => (at > event ? NEVER : at)) }
}
