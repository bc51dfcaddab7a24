import { type ClockReadings, duration, type History, millis, plural } from '@chaosproxy/history'
import type { ClockCost } from '../judge/clock-cost.ts'
import type { ModelEntry } from '../judge/entry.ts'
import { followsFrom } from '../judge/headline.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { boundedBy } from './intervals.ts'
import { openOrders } from './open-orders.ts'
import { asIn, seenBy } from './seen-by.ts'
import { withinOf } from './within.ts'

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
  const unknown: Verdict = { result: 'unknown', reason: reasonOf(cost) }
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
  const levels = followsFrom(ladder, decided, () => unknown.reason)
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
    // Every clock gets as much of what is left.
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
