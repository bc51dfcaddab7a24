import { type Counterexample, consistency, impliesLevel, type Report, verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { judgedLevels } from '@chaosproxy/runner/result'
import { counterexampleOf } from '../level-words.ts'
import { sheetOf } from '../losses/registry.ts'
import { coreOf } from '../operation-words.ts'
import type { Sheet } from '../sheets/sheet.ts'

/** One cause, told once: what happened, and every level that it breaks. */
export interface Violation {
  readonly counterexample: Counterexample
  /** The other levels that forbid it, strongest first, without those that an earlier violation names. */
  readonly others: readonly string[]
  /** What shows it best, unless that is an axis of time. */
  readonly sheet: Sheet | undefined
}

/**
 * Why levels are violated, each cause once. `shown` comes first; what violates a level violates all that imply it, so of
 * the rest only the weakest levels are told apart.
 */
export function violationsOf(
  history: History,
  report: Report<string>,
  shown: Counterexample | undefined,
): readonly Violation[] {
  if (shown === undefined) return []
  const broken = judgedLevels(report).filter((level) => verdictOf(report, level).result === 'violated')
  const breaks = (cause: Counterexample, level: string): boolean =>
    isStrongerOrSame(level, cause) || isSame(cause, counterexampleOf(report, level))
  const rest = broken.filter((level, i) => !breaks(shown, level) || (i === 0 && showsMore(report, level, shown)))
  const causes: Counterexample[] = []
  for (const level of rest.toReversed()) {
    const own = counterexampleOf(report, level)
    if (own !== undefined && !causes.some((cause) => breaks(cause, level))) causes.unshift(bestKnown(report, own))
  }
  // Those that are told by themselves need not be named beside another.
  const named = new Set<string>(causes.map(({ level }) => level))
  return [shown, ...causes].map((counterexample) => {
    const others = broken.filter((level) => level !== counterexample.level && breaks(counterexample, level))
    const unnamed = others.filter((level) => !named.has(level))
    for (const level of [counterexample.level, ...others]) named.add(level)
    return { counterexample, others: unnamed, sheet: sheetOf({ history, report, counterexample }) }
  })
}

/** A single answer shows that something was lost, but not how it came about; what another level forbids may. */
function showsMore(report: Report<string>, level: string, shown: Counterexample): boolean {
  const own = counterexampleOf(report, level)
  return shown.operations.length === 1 && own !== undefined && own.operations.length > 1 && !isSame(shown, own)
}

/** The same story by the name that most people know. */
function bestKnown(report: Report<string>, own: Counterexample): Counterexample {
  const causal = counterexampleOf(report, 'causal')
  return causal?.sentence === own.sentence ? causal : own
}

/** Whether a level is that of a cause or implies it. */
function isStrongerOrSame(level: string, { level: weaker, story }: Counterexample): boolean {
  return story === undefined ? impliesConsistency(level, weaker) : impliesLevel(level, weaker)
}

/** Levels of other judges imply nothing that is known here. */
function impliesConsistency(level: string, weaker: string): boolean {
  if (level === weaker) return true
  const implied: { readonly [level: string]: readonly string[] } = consistency.implied
  return Object.hasOwn(implied, level) && (implied[level] ?? []).some((next) => impliesConsistency(next, weaker))
}

/** The operations of the one alone show the other. */
function isSame(one: Counterexample, other: Counterexample | undefined): boolean {
  if (other === undefined) return false
  const rows = new Set(one.operations.map(({ operation }) => operation))
  const core = coreOf(other)
  return one.sentence === other.sentence || (core.length > 0 && core.every((row) => rows.has(row)))
}
