import { type ClockReadings, duration, type History, millis, plural } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import type { ModelEntry } from '../judge/entry.ts'
import { followsFrom } from '../judge/headline.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { ClockCost, Report } from '../judge/report.ts'
import { notRecorded } from '../verdict/reason.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { boundedBy, endsOf } from './intervals.ts'
import { asIn, seenBy } from './seen-by.ts'

/** The share of the time for the most orders that the clocks leave: what they explain is met, and that is the rule. */
const NARROWEST_SHARE = 0.6

type Judge = (history: History, options: CheckOptions<string>) => Report<string>

/**
 * Judges a history whose times are by several clocks, each known within bounds. A level that asks for an order in real time
 * is met if the most orders that the bounds leave allow it, and violated if the fewest contradict it, or those that are certain
 * to one of the clocks; otherwise it is unknown. Levels that ask only for the order within each client do not depend on clocks at all.
 */
export function checkClocks(
  clocks: ClockReadings,
  history: History,
  entry: ModelEntry<string>,
  options: CheckOptions<string>,
  judge: Judge,
): Report<string> {
  const { ladder } = entry.judge
  const startedAt = options.now()
  const { widest, narrowest, cramped } = boundedBy(clocks, history, options.failedCas === 'observes')
  const narrow = judge(narrowest, { ...options, deadlineMs: millis(options.deadlineMs * NARROWEST_SHARE) })
  const isCertain = cramped.length === 0
  const cost: Omit<ClockCost, 'undecided'> = {
    clocks: clocks.names.length,
    withinNanos: withinOf(clocks),
    unordered: openOrders(clocks, history),
    cramped: cramped.length,
  }
  const open = ladder.realTime.filter((level) => {
    const { result } = narrow.levels[level]
    // What there was no time for may be decided by fewer orders.
    const isPending = result === 'unknown' && options.levels.includes(level) && !ladder.apart.includes(level)
    return result === 'violated' || (result === 'met' && !isCertain) || isPending
  })
  if (open.length === 0) return { ...narrow, clocks: { ...cost, undecided: [] } }

  const leftMs = Math.max(0, options.deadlineMs - (options.now() - startedAt))
  const wide = judge(widest, { ...options, levels: open, deadlineMs: millis(leftMs) })
  const left = open.filter((level) => wide.levels[level].result !== 'violated')
  const bySome = contradictedByOne(clocks, history, { ...options, levels: left, startedAt }, judge)
  const reason = notRecorded(reasonOf(cost))
  const unknown: Verdict = { result: 'unknown', reason }
  const decided = Object.fromEntries(
    ladder.levels.map((level): [string, Verdict] => {
      if (!open.includes(level)) return [level, narrow.levels[level]]
      const contradicted = bySome.get(level)
      if (contradicted !== undefined) return [level, contradicted]
      if (wide.levels[level].result === 'violated') return [level, wide.levels[level]]
      return [level, narrow.levels[level].result === 'unknown' ? narrow.levels[level] : unknown]
    }),
  )
  // What contradicts the order within clients contradicts every order in real time.
  const levels = followsFrom(ladder, decided, () => reason)
  const undecided = open.filter((level) => levels[level].result === 'unknown')
  return {
    ...wide,
    levels,
    headline: entry.judge.headline(levels, wide.accounting),
    clocks: { ...cost, undecided },
  }
}

/** What contradicts the orders that are certain to one of the clocks, by level. */
function contradictedByOne(
  clocks: ClockReadings,
  history: History,
  { levels, startedAt, ...options }: CheckOptions<string> & { readonly startedAt: number },
  judge: Judge,
): ReadonlyMap<string, Verdict> {
  const found = new Map<string, Verdict>()
  for (const clock of clocks.names.keys()) {
    const open = levels.filter((level) => !found.has(level))
    const leftMs = options.deadlineMs - (options.now() - startedAt)
    if (open.length === 0 || leftMs <= 0) break
    const seen = seenBy(clock, clocks, history)
    if (seen === undefined) continue
    // Every clock gets an equal share of the remaining time.
    const deadlineMs = millis(leftMs / (clocks.names.length - clock))
    const report = judge(seen.history, { ...options, levels: open, deadlineMs })
    for (const level of open) {
      const verdict = report.levels[level]
      if (verdict.result === 'violated')
        found.set(level, { result: 'violated', counterexample: asIn(seen, verdict.counterexample) })
    }
  }
  return found
}

function reasonOf({ clocks, withinNanos, unordered, cramped }: Omit<ClockCost, 'undecided'>): string {
  const { max } = withinNanos
  const orders = `${plural(unordered, 'order')} between two operations ${unordered === 1 ? 'is' : 'are'} open`
  if (max === null)
    return 'a clock did not keep its bounds, and nothing is known of the times that it gave: its machine may have slept. Run it again'
  const short = cramped === 0 ? '' : `, ${plural(cramped, 'operation')} took less time than that`
  return `the ${plural(clocks, 'clock')} of the workers agreed with this one only to within ±${duration(max)}${short}, and ${orders}, on which it depends. Let the workers run nearer to the target, on machines with less to do, or one worker alone`
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
 * The number of ordered pairs of operations on one object, timed by different clocks, of which nobody can tell whether
 * the first had returned before the second was called.
 */
function openOrders(clocks: ClockReadings, { operations }: History): number {
  const { length, key, callLine } = operations
  const ends = endsOf(clocks, operations)
  const groups = new Map<number, Map<number, number[]>>()
  for (let row = 0; row < length; row++) {
    const clock = clocks.clock[callLine[row]] ?? -1
    const ofKey = groups.get(key[row]) ?? new Map<number, number[]>()
    groups.set(key[row], ofKey)
    addTo(ofKey, clock, row)
  }
  let open = 0
  for (const ofKey of groups.values())
    for (const [first, before] of ofKey)
      for (const [second, after] of ofKey) {
        if (first === second) continue
        // Pairs of which the first may have returned before the second was called, without those of which it has.
        open += ordered(before, after, ends.earliestReturn, ends.latestCall)
        open -= ordered(before, after, ends.latestReturn, ends.earliestCall)
      }
  return open
}

/** The number of pairs of which the first returned before the second was called. */
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
