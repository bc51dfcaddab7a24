import {
  type ClockReadings,
  duration,
  foundOrMade,
  type History,
  placeIn,
  plural,
  type Stamps,
} from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { ClockCost, Report } from '../judge/report.ts'
import type { Counterexample } from '../verdict/verdict.ts'
import { type Bounded, endsOf } from './intervals.ts'

/** The verdicts that uncertain clocks leave unknown, and the number of pairs whose order is unknown. */
export interface Cost {
  facts(undecided: readonly string[]): Pick<Report<string>, 'clocks' | 'stamps'>
  /**
   * Returns the reason why a level is unknown: only orders that are possible but not certain contradict it.
   *
   * @param most the contradiction that is found if every possible order of two operations is taken as certain;
   * undefined if none is known
   */
  reason(most: Counterexample | undefined): string
}

export function costOf(clocks: ClockReadings, history: History, bounded: Bounded): Cost {
  const { stamps } = clocks
  if (stamps !== undefined) {
    const { resolutionNanos, skewNanos } = stamps
    return {
      facts: (undecided) => ({ stamps: { resolutionNanos, skewNanos, undecided } }),
      reason: (most) => reasonOfStamps(stamps, history, bounded, most),
    }
  }
  const cost: Omit<ClockCost, 'undecided'> = {
    clocks: clocks.names.length,
    withinNanos: withinOf(clocks),
    unordered: openOrders(clocks, history),
    cramped: bounded.cramped.length,
  }
  return { facts: (undecided) => ({ clocks: { ...cost, undecided } }), reason: () => reasonOfClocks(cost) }
}

function reasonOfStamps(
  { withinNanos }: Stamps,
  history: History,
  bounded: Bounded,
  most: Counterexample | undefined,
): string {
  const remedy = 'Record finer timestamps by one clock, or all events in one file in the order in which they happened'
  const { length } = bounded.cramped
  const pair = openPair(history, bounded, most)
  if (pair !== undefined) {
    const { returnTime, callTime, returnLine, callLine } = history.operations
    const [before, after] = [lineOf(history, returnLine[pair.before]), lineOf(history, callLine[pair.after])]
    const apart = Math.abs(callTime[pair.after] - returnTime[pair.before])
    const how =
      apart === 0 ? 'have the same stamp' : `are ${duration(apart)} apart, which is within the difference of the clocks`
    return `the return in ${before} and the call in ${after} ${how}, and the verdict depends on which came first. ${remedy}`
  }
  const short =
    length === 0 ? '' : `, and ${plural(length, 'operation')} took less time than the uncertainty of the stamps`
  const which = withinNanos === 0 ? 'are equal' : `differ by at most ${duration(2 * withinNanos)}`
  return `the verdict depends on the order of events whose stamps ${which}${short}. ${remedy}`
}

function lineOf(history: History, line: number): string {
  const { file, line: own } = placeIn(history, line)
  return file === undefined ? `line ${own}` : `${file}:${own}`
}

/** Returns two operations. `before` may have returned before `after` was called, but this is not certain. */
function openPair(
  { operations: { length, process, key } }: History,
  { narrowest, widest }: Bounded,
  most: Counterexample | undefined,
): { readonly before: OperationRow; readonly after: OperationRow } | undefined {
  const rows = most?.operations.map(({ operation }) => operation) ?? []
  const [many, few] = [narrowest.operations, widest.operations]
  const isOpen = (before: OperationRow, after: OperationRow): boolean =>
    process[before] !== process[after] &&
    many.returnEvent[before] !== -1 &&
    many.returnEvent[before] < many.callEvent[after] &&
    few.returnEvent[before] >= few.callEvent[after]
  for (const after of rows.toReversed())
    for (const before of rows.toReversed()) if (isOpen(before, after)) return { before, after }
  // The counterexample contains no open pair (see `isOpen`). It may contain one operation of an open pair without the
  // other, such as a write that was called too late to explain a result.
  for (const one of rows)
    for (let other = 0; other < length; other++) {
      if (key[one] !== key[other]) continue
      if (isOpen(one, other)) return { before: one, after: other }
      if (isOpen(other, one)) return { before: other, after: one }
    }
  return undefined
}

function reasonOfClocks({ clocks, withinNanos, unordered, cramped }: Omit<ClockCost, 'undecided'>): string {
  const { max } = withinNanos
  const orders = `the real-time order of ${plural(unordered, 'pair')} of operations is unknown`
  if (max === null)
    return 'a clock exceeded its error bound, so that its times cannot be used: its machine may have slept. Repeat the run'
  const short =
    cramped === 0 ? '' : `, ${plural(cramped, 'operation')} took less time than the uncertainty of the clocks`
  return `the ${plural(clocks, 'clock')} of the workers agreed with the reference clock only to within ±${duration(max)}${short}, and ${orders}, on which the verdict depends. Let the workers run nearer to the target, on machines with less to do, or one worker alone`
}

function withinOf({ within, clock }: ClockReadings): ClockCost['withinNanos'] {
  const known = within.filter((_, line) => (clock[line] ?? -1) !== -1).sort()
  const at = (share: number): number | null => {
    const nanos = known[Math.max(0, Math.ceil(share * known.length) - 1)] ?? 0
    return Number.isFinite(nanos) ? nanos : null
  }
  return { max: at(1), p50: at(0.5) }
}

/**
 * Counts the ordered pairs of operations on one object, timed by different clocks, whose order is uncertain: the first
 * operation may or may not have returned before the second was called.
 */
function openOrders(clocks: ClockReadings, { operations }: History): number {
  const { length, key, callLine } = operations
  const ends = endsOf(clocks, operations)
  const groups = new Map<number, Map<number, number[]>>()
  for (let row = 0; row < length; row++) {
    const clock = clocks.clock[callLine[row]] ?? -1
    const ofKey = foundOrMade(groups, key[row], () => new Map<number, number[]>())
    addTo(ofKey, clock, row)
  }
  let open = 0
  for (const ofKey of groups.values())
    for (const [first, before] of ofKey)
      for (const [second, after] of ofKey) {
        if (first === second) continue
        // The pairs in which the first operation may have returned before the second was called, minus the pairs in
        // which it certainly did.
        open += ordered(before, after, ends.earliestReturn, ends.latestCall)
        open -= ordered(before, after, ends.latestReturn, ends.earliestCall)
      }
  return open
}

/** The number of pairs in which the first operation returned before the second was called. */
function ordered(
  before: readonly number[],
  after: readonly number[],
  returned: Float64Array,
  called: Float64Array,
): number {
  const returns = Float64Array.from(before, (row) => returned[row]).sort()
  const calls = Float64Array.from(after, (row) => called[row]).sort()
  let count = 0
  let gone = 0
  for (const call of calls) {
    while (gone < returns.length && returns[gone] < call) gone++
    count += gone
  }
  return count
}
