import { type ClockReadings, type History, type Millis, millis } from '@chaosproxy/history'
import type { ModelEntry } from '../judge/entry.ts'
import { followsFrom } from '../judge/headline.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { notRecorded } from '../verdict/reason.ts'
import { type Counterexample, unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { costOf } from './cost.ts'
import { type Bounded, boundedBy } from './intervals.ts'
import { asIn, seenBy } from './seen-by.ts'

/**
 * The share of the time that is spent on judging `narrowest`, the history in which the times order as many operations
 * as the clocks allow. This judgement decides most levels.
 */
const NARROWEST_SHARE = 0.6
/**
 * The share of the remaining time for judging each of the tied histories (`tiedNarrowest`, `tiedWidest`). Most searches
 * end earlier.
 */
const TIED_SHARE = 0.5
const MOST_TIED_MS = 5_000

type Judge = (history: History, options: CheckOptions<string>) => Report<string>

/**
 * Judges a history whose clocks leave the order of some events open. A level that requires real-time order is met if
 * the history meets it with every possible order. It is violated if it contradicts the orders that are certain, or the
 * orders that the times of a single clock prove. A level that requires only the order within each client does not
 * depend on clocks.
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
  const left = (share = 1): Millis => millis(share * Math.max(0, options.deadlineMs - (options.now() - startedAt)))
  const bounded = boundedBy(clocks, history, options.failedCas === 'observes')
  const isCertain = bounded.cramped.length === 0
  // This history may contain unproven orders, so a contradiction in it proves nothing.
  const narrow = judge(bounded.narrowest, { ...options, explain: false, deadlineMs: left(NARROWEST_SHARE) })
  const cost = costOf(clocks, history, bounded)
  const open = ladder.realTime.filter((level) => {
    const { result } = narrow.levels[level]
    // Time may have run out because of the many orders. With fewer orders, the level may still be decided.
    const isPending = result === 'unknown' && options.levels.includes(level) && !ladder.apart.includes(level)
    return result === 'violated' || (result === 'met' && !isCertain) || isPending
  })
  if (open.length === 0) return { ...narrow, ...cost.facts([]) }

  const wide = judge(bounded.widest, { ...options, levels: open, deadlineMs: left() })
  const isContradicted = (level: string): boolean => wide.levels[level].result === 'violated'
  const uncontradicted = open.filter((level) => !isContradicted(level))
  const bySome = contradictedByOne(clocks, history, { ...options, levels: uncontradicted, startedAt }, judge)
  const isInTies = ladder.tied !== undefined && uncontradicted.includes(ladder.tied) && !bySome.has(ladder.tied)
  const inTies =
    isInTies && options.unit === undefined ? tiedVerdict(bounded, ladder.tied, options, left, judge) : undefined
  const decided = Object.fromEntries(
    ladder.levels.map((level): [string, Verdict] => {
      if (!open.includes(level)) return [level, narrow.levels[level]]
      const known = (level === ladder.tied ? inTies : undefined) ?? bySome.get(level)
      if (known !== undefined) return [level, known]
      if (isContradicted(level)) return [level, wide.levels[level]]
      return [level, narrow.levels[level].result === 'unknown' ? narrow.levels[level] : DEPENDS]
    }),
  )
  // If the history contradicts the order within clients, it also contradicts every possible real-time order.
  const known = followsFrom(ladder, decided, () => DEPENDS.reason)
  const [first] = open.filter((level) => known[level] === DEPENDS)
  const isExplained = first !== undefined && isCertain
  const most = isExplained ? contradictionOf(bounded.narrowest, first, options, left(), judge) : undefined
  const unknown: Verdict = unknownBecause(notRecorded(first === undefined ? '' : cost.reason(most)))
  const levels = Object.fromEntries(
    ladder.levels.map((level) => [level, known[level] === DEPENDS ? unknown : known[level]]),
  )
  const undecided = open.filter((level) => levels[level].result === 'unknown')
  return {
    ...wide,
    levels,
    headline: entry.judge.headline(levels, wide.accounting),
    ...cost.facts(undecided),
  }
}

/** A placeholder for a verdict that depends on uncertain orders. Replaced once the reason is known. */
const DEPENDS = { result: 'unknown', reason: notRecorded('') } as const satisfies Verdict

function contradictionOf(
  history: History,
  level: string,
  options: CheckOptions<string>,
  deadlineMs: Millis,
  judge: Judge,
): Counterexample | undefined {
  const verdict = judge(history, { ...options, levels: [level], staleness: false, deadlineMs }).levels[level]
  return verdict.result === 'violated' ? verdict.counterexample : undefined
}

/**
 * Judges a level by `tiedNarrowest` and `tiedWidest`. Unlike the other histories of `Bounded`, these two keep the order
 * of the operations of each process even if the bounds of these operations overlap.
 */
function tiedVerdict(
  { tiedNarrowest, tiedWidest, cramped }: Bounded,
  level: string,
  options: CheckOptions<string>,
  left: (share?: number) => Millis,
  judge: Judge,
): Verdict | undefined {
  const by = (): CheckOptions<string> => {
    const deadlineMs = millis(Math.min(MOST_TIED_MS, left(TIED_SHARE)))
    return { ...options, levels: [level], staleness: false, deadlineMs }
  }
  if (cramped.length === 0) {
    const most = judge(tiedNarrowest, { ...by(), explain: false })
    if (most.levels[level].result === 'met') return most.levels[level]
  }
  const fewest = judge(tiedWidest, by())
  return fewest.levels[level].result === 'violated' ? fewest.levels[level] : undefined
}

/** Returns, by level, a contradiction that uses only the orders of a single clock. */
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
