import { type Counterexample, consistency, impliesLevel, type Report, verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { judgedLevels } from '@chaosproxy/runner/result'
import { counterexampleOf } from '../level-words.ts'
import { sheetOf } from '../losses/registry.ts'
import { coreOf, rowsOf } from '../operation-words.ts'
import type { Sheet } from '../sheets/sheet.ts'

/**
 * A violation, and the other levels that it breaks. Levels that another violation names are omitted. Violations with
 * the same cause are shown as one.
 */
export interface Violation {
  readonly counterexample: Counterexample
  readonly others: readonly string[]
  /** The table that shows the violation best. Undefined if a time axis shows it better. */
  readonly sheet: Sheet | undefined
}

/**
 * Returns `drawn`, followed by the further violations. A violation of a level also violates all stronger levels, so
 * each further violation is listed once, under its weakest level.
 */
export function violationsOf(
  history: History,
  report: Report<string>,
  drawn: Counterexample | undefined,
): readonly Violation[] {
  if (drawn === undefined) return []
  const broken = judgedLevels(report).filter((level) => verdictOf(report, level).result === 'violated')
  const breaks = (cause: Counterexample, level: string): boolean =>
    isStrongerOrSame(level, cause) || isSame(cause, counterexampleOf(report, level))
  const rest = broken.filter((level, i) => !breaks(drawn, level) || (i === 0 && showsMore(report, level, drawn)))
  const causes: Counterexample[] = []
  for (const level of rest.toReversed()) {
    const own = counterexampleOf(report, level)
    if (own !== undefined && !causes.some((cause) => breaks(cause, level))) causes.unshift(bestKnown(report, own))
  }
  // A violation names the levels that it breaks, except levels with a violation of their own in this list.
  const named = new Set<string>(causes.map(({ level }) => level))
  return [drawn, ...causes].map((counterexample) => {
    const others = broken.filter((level) => level !== counterexample.level && breaks(counterexample, level))
    const unnamed = others.filter((level) => !named.has(level))
    for (const level of [counterexample.level, ...others]) named.add(level)
    return { counterexample, others: unnamed, sheet: sheetOf({ history, report, counterexample }) }
  })
}

/**
 * Whether the counterexample to `level` explains more than `drawn`. If `drawn` has only one operation, it shows that
 * something was lost, but not how.
 */
function showsMore(report: Report<string>, level: string, drawn: Counterexample): boolean {
  const own = counterexampleOf(report, level)
  return drawn.operations.length === 1 && own !== undefined && own.operations.length > 1 && !isSame(drawn, own)
}

/**
 * Returns the counterexample to causal consistency if its sentence equals the sentence of `own`; otherwise returns
 * `own`. Causal consistency is better known than other levels.
 */
function bestKnown(report: Report<string>, own: Counterexample): Counterexample {
  const causal = counterexampleOf(report, 'causal')
  return causal?.sentence === own.sentence ? causal : own
}

/** Whether `level` implies the level that a counterexample violates. */
function isStrongerOrSame(level: string, { level: weaker, story }: Counterexample): boolean {
  return story === undefined ? impliesConsistency(level, weaker) : impliesLevel(level, weaker)
}

/** Whether a consistency level implies another. A level of a user-defined judge implies nothing. */
function impliesConsistency(level: string, weaker: string): boolean {
  if (level === weaker) return true
  const implied: { readonly [level: string]: readonly string[] } = consistency.implied
  return Object.hasOwn(implied, level) && (implied[level] ?? []).some((next) => impliesConsistency(next, weaker))
}

/**
 * Whether two counterexamples show the same violation: their sentences are equal, or `one` includes all core operations
 * of `other`.
 */
function isSame(one: Counterexample, other: Counterexample | undefined): boolean {
  if (other === undefined) return false
  const rows = new Set(rowsOf(one))
  const core = coreOf(other)
  return one.sentence === other.sentence || (core.length > 0 && core.every((row) => rows.has(row)))
}
