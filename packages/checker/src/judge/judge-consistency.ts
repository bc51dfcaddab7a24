import type { History } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { consistency, type Level } from '../levels/levels.ts'
import { type Budget, createBudget, inTime } from '../limits/budget.ts'
import type { Accounting } from '../verdict/accounting.ts'
import { NOT_REQUESTED, OUT_OF_TIME, type Reason } from '../verdict/reason.ts'
import { unknownBecause, type Verdict } from '../verdict/verdict.ts'
import { reportUnread, takeEncoding } from './encoding-memory.ts'
import type { ModelEntry } from './entry.ts'
import { followsFrom } from './headline.ts'
import type { CheckOptions } from './options.ts'
import type { LostWrite, Report } from './report.ts'
import type { Staleness } from './staleness.ts'

export type Decided = { readonly [level in Level]?: Verdict }

/** The levels of one history, decided on request. */
export interface Opened {
  /**
   * Returns the share of the time for the search for a real-time order; undefined if no requested level needs this
   * order.
   */
  orderShare(): number | undefined
  /**
   * Decides within `share` whether the history is linearizable: whether some order that respects real time explains
   * every result. `budget` limits the reduction of a counterexample.
   */
  order(share: Budget, budget: Budget, explain: boolean): Verdict
  /** The verdicts on the levels about final reads. @throws OutOfTime */
  convergences(budget: Budget): Convergences
  /** The verdicts on the levels about the order within clients. Needed only if the history is not linearizable. */
  byClients(budget: Budget, first: readonly OperationRow[]): Decided
  /** Returns the fate of each element. @throws OutOfTime */
  account?(budget: Budget): Accounting | undefined
  /** How stale reads were. Needed only if the history is not linearizable. @throws OutOfTime */
  staleness?(budget: Budget): Staleness | undefined
  info(): Report['info']
}

/** The verdicts on the levels about final reads; absent if the model does not decide them. */
export interface Convergences {
  readonly eventual?: Verdict | undefined
  readonly convergent?: Verdict | undefined
  /** The reason why `eventual` and `convergent` cannot be met. */
  readonly owed: Reason | undefined
  readonly lost: readonly LostWrite[]
}

export const unknownConvergences = (reason: Reason): Convergences => ({
  eventual: unknownBecause(reason),
  convergent: unknownBecause(reason),
  owed: reason,
  lost: [],
})

/** All results except the verdict on linearizability. */
export interface Others {
  readonly decided: Decided
  readonly lost: readonly LostWrite[]
  readonly accounting: Accounting | undefined
  readonly staleness: Staleness | undefined
  /** See `Convergences`. */
  readonly owed: Reason | undefined
}

/** Prepares histories of one kind of object for judging. */
export interface KindOfObject {
  /**
   * Reserves the memory that is needed besides the memory for the encoding. Returns the reason if there is not enough.
   */
  take?(history: History, budget: Budget): Reason | undefined
  /** @throws OutOfTime */
  open(budget: Budget): Opened
}

export function judgeConsistency(
  history: History,
  entry: ModelEntry,
  kind: KindOfObject,
  options: CheckOptions,
): Report {
  const budget = createBudget(options)
  const cramped = takeEncoding(history, budget) ?? kind.take?.(history, budget)
  if (cramped !== undefined) return reportUnread(history, entry, options, cramped)
  const opened = inTime(() => kind.open(budget))
  if (opened === undefined) return reportUnread(history, entry, options, OUT_OF_TIME)
  const linearizable = judgeOrder(opened, options, budget)
  const others = judgeOthers(opened, entry, options, budget, linearizable)
  if (linearizable !== undefined || !isContrary(others)) {
    return reportOf(opened, entry, options, linearizable, others)
  }
  // Always computed, so that a verdict does not depend on which other levels are requested.
  const order = opened.order(budget, budget, false)
  return reportOf(opened, entry, options, order, order.result === 'met' ? explainedBy(others) : others)
}

function judgeOrder(opened: Opened, options: CheckOptions, budget: Budget): Verdict | undefined {
  const share = opened.orderShare()
  if (share === undefined) return undefined
  const within = share === 1 ? budget : budget.within(options.deadlineMs * share)
  return opened.order(within, budget, options.explain !== false)
}

const byFinalReads = ['eventual', 'convergent'] as const satisfies readonly Level[]

export const isByFinalReads = (level: string): level is (typeof byFinalReads)[number] =>
  (byFinalReads as readonly string[]).includes(level)

export function judgeOthers(
  opened: Opened,
  { levels: known }: Pick<ModelEntry, 'levels'>,
  options: CheckOptions,
  budget: Budget,
  linearizable: Verdict | undefined,
): Others {
  const decided: { [level in Level]?: Verdict } = {}
  const requested = byFinalReads.filter((level) => options.levels.includes(level) && known.includes(level))
  const end = requested.length === 0 ? NO_FINAL_READS : convergencesOf(opened, budget)
  for (const level of requested) if (end[level] !== undefined) decided[level] = end[level]
  const accounting = inTime(() => opened.account?.(budget))
  const lost = accounting === undefined ? end.lost : lostFor(accounting)
  const others: Others = { decided, lost, accounting, staleness: undefined, owed: end.owed }
  if (linearizable?.result === 'met') return explainedBy(others)
  Object.assign(decided, opened.byClients(budget, operationsOf(linearizable)))
  const staleness = inTime(() => (options.staleness === true ? opened.staleness?.(budget) : undefined))
  return { ...others, staleness }
}

const NO_FINAL_READS: Convergences = { owed: undefined, lost: [] }

const convergencesOf = (opened: Opened, budget: Budget): Convergences =>
  inTime(
    () => opened.convergences(budget),
    () => unknownConvergences(OUT_OF_TIME),
  )

/** Returns the certainly lost elements, without those that operations of unknown outcome may have taken. */
const lostFor = (accounting: Accounting): Accounting['lost'] => (accounting.excuse === undefined ? accounting.lost : [])

/** The operations that contradict a level. The search for other contradictions begins with them. */
export const operationsOf = (verdict: Verdict | undefined): readonly OperationRow[] =>
  verdict?.result === 'violated' ? verdict.counterexample.operations.map(({ operation }) => operation) : []

/** Whether a verdict on `eventual` or `convergent` is wrong if the history is linearizable (see `explainedBy`). */
const isContrary = ({ decided, owed }: Others): boolean =>
  byFinalReads.some((level) => {
    const result = decided[level]?.result
    return result === 'violated' || (result === 'unknown' && owed === undefined)
  })

/**
 * Corrects the verdicts on the levels in `byFinalReads` for a linearizable history. Such a history meets these levels
 * even if its final reads differ, because an operation of unknown outcome then took effect between these reads. The
 * verdicts are unknown if final reads are missing (`owed`).
 */
function explainedBy(others: Others): Others {
  const { decided, owed } = others
  const contrary = byFinalReads.filter((level) => decided[level] !== undefined && decided[level].result !== 'met')
  const verdict: Verdict =
    owed === undefined ? { result: 'met', witness: { kind: 'implied', by: 'linearizable' } } : unknownBecause(owed)
  return {
    ...others,
    decided: { ...decided, ...Object.fromEntries(contrary.map((level) => [level, verdict])) },
    lost: others.accounting === undefined && contrary.length > 0 ? [] : others.lost,
  }
}

export function reportOf(
  opened: Pick<Opened, 'info'>,
  { name, levels: known, judge }: ModelEntry,
  { levels: requested }: Pick<CheckOptions, 'levels'>,
  linearizable: Verdict | undefined,
  { decided, lost, accounting, staleness }: Others,
): Report {
  const isWanted = linearizable !== undefined && (requested.includes('linearizable') || linearizable.result === 'met')
  const levels = followsFrom(consistency, isWanted ? { ...decided, linearizable } : decided, (level) => {
    if (!requested.includes(level)) return NOT_REQUESTED
    if (known.includes(level))
      return { kind: 'unasked', text: 'the results of the other levels do not decide this level' }
    return { kind: 'unasked', text: cannotBeChecked(name, level, known) }
  })
  return {
    model: name,
    levels,
    headline: judge.headline(levels, accounting),
    info: opened.info(),
    lost,
    ...(accounting && { accounting }),
    staleness,
  }
}

function cannotBeChecked(name: string, level: Level, known: readonly Level[]): string {
  const by = known.length < 2 ? known.join() : `${known.slice(0, -1).join(', ')} and ${known[known.length - 1]}`
  return isByFinalReads(level) && !known.some(isByFinalReads)
    ? `the ${name} model does not compare final reads; it has only the level${known.length === 1 ? '' : 's'} ${by}`
    : `the ${name} model has only the level${known.length === 1 ? '' : 's'} ${by}`
}
