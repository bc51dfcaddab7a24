import { type ClockReadings, type History, type Millis, millis } from '@chaosproxy/history'
import type { ModelEntry } from '../judge/entry.ts'
import { followsFrom } from '../judge/headline.ts'
import type { CheckOptions } from '../judge/options.ts'
import type { Report } from '../judge/report.ts'
import { notRecorded } from '../verdict/reason.ts'
import type { Counterexample, Verdict } from '../verdict/verdict.ts'
import { costOf } from './cost.ts'
import { type Bounded, boundedBy } from './intervals.ts'
import { asIn, seenBy } from './seen-by.ts'

/** The share of the time for the most orders that the clocks leave: what they explain is met, and that is the rule. */
const NARROWEST_SHARE = 0.6
/** Of the time that is left, for each form of a tied history, and the most for one: its search seldom ends late. */
const TIED_SHARE = 0.5
const MOST_TIED_MS = 5_000

type Judge = (history: History, options: CheckOptions<string>) => Report<string>

/**
 * Judges a history whose times leave the order of some events open. A level that asks for an order in real time is met if the
 * most orders that the times leave allow it, and violated if the fewest contradict it, or those that are certain to one of the
 * clocks; otherwise it is unknown. Levels that ask only for the order within each client do not depend on clocks at all.
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
  // Its contradictions prove nothing.
  const narrow = judge(bounded.narrowest, { ...options, explain: false, deadlineMs: left(NARROWEST_SHARE) })
  const cost = costOf(clocks, history, bounded)
  const open = ladder.realTime.filter((level) => {
    const { result } = narrow.levels[level]
    // What there was no time for may be decided by fewer orders.
    const isPending = result === 'unknown' && options.levels.includes(level) && !ladder.apart.includes(level)
    return result === 'violated' || (result === 'met' && !isCertain) || isPending
  })
  if (open.length === 0) return { ...narrow, ...cost.told([]) }

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
  // What contradicts the order within clients contradicts every order in real time.
  const known = followsFrom(ladder, decided, () => DEPENDS.reason)
  const [first] = open.filter((level) => known[level] === DEPENDS)
  const isExplained = first !== undefined && isCertain
  const most = isExplained ? contradictionOf(bounded.narrowest, first, options, left(), judge) : undefined
  const unknown: Verdict = { result: 'unknown', reason: notRecorded(first === undefined ? '' : cost.reason(most)) }
  const levels = Object.fromEntries(
    ladder.levels.map((level) => [level, known[level] === DEPENDS ? unknown : known[level]]),
  )
  const undecided = open.filter((level) => levels[level].result === 'unknown')
  return {
    ...wide,
    levels,
    headline: entry.judge.headline(levels, wide.accounting),
    ...cost.told(undecided),
  }
}

/** In place of a verdict that depends on orders that are open, until the reason is known. */
const DEPENDS = { result: 'unknown', reason: notRecorded('') } as const satisfies Verdict

/** What contradicts a level in a history, in few operations. */
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

/** What the order of each process decides besides, where intervals cannot say it: met by the most orders, or violated by the fewest. */
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
