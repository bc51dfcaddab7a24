import { faultName } from '@chaosproxy/faults'
import { count, duration, type History, operationsIn, percent, plural } from '@chaosproxy/history'
import type { PhaseSummary, RunSummary } from '@chaosproxy/runner/result'
import { severalOf } from '../shown-faults.ts'
import { listed } from '../words.ts'

/** What a verdict without a violation rests on: how much was tried, under which faults, and what they cost. */
export function evidenceText(history: History, run: RunSummary | undefined, granted: readonly string[] = []): string {
  const number = operationsIn(history)
  const operations = plural(number, 'operation')
  const rests = granted.length === 0 ? '' : ` The verdict takes for granted: ${granted.join(', ')}.`
  if (run === undefined) return `${operations} ${number === 1 ? 'was' : 'were'} judged.${rests}`
  const faults = listed(faultsIn(run))
  const tried = `${operations} with ${faults === '' ? 'no fault' : faults}, 1 seed.`
  return [tried, costText(run.phases), stalenessText(run)].filter((text) => text !== '').join(' ')
}

/** `2 partitions`, `1 kill`: those that took effect. */
function faultsIn({ faults }: RunSummary): readonly string[] {
  const counts = new Map<string, number>()
  for (const { fault, hits, skipped } of faults)
    if (hits > 0 && skipped === undefined) counts.set(faultName(fault), (counts.get(faultName(fault)) ?? 0) + 1)
  return [...counts].map(([name, times]) => plural(times, name, severalOf(name)))
}

/** `82 reads were stale.`; empty if none was, or nobody measured that. */
function stalenessText({ phases, convergedAfterHealNanos: converged }: RunSummary): string {
  const stale = phases.reduce((sum, { staleReads = 0 }) => sum + staleReads, 0)
  if (stale === 0) return ''
  const agreed = converged === undefined ? '' : `; ${duration(converged)} after healing, all nodes agreed`
  return `${plural(stale, 'read')} returned a value that had been replaced${agreed}.`
}

/** What clients were answered under faults, and the slowest recovery. */
export function costText(phases: readonly PhaseSummary[]): string {
  const faulty = phases.filter(({ phase, operations }) => phase !== 'calm' && phase !== 'healed' && operations > 0)
  const asked = faulty.reduce((sum, { operations }) => sum + operations, 0)
  if (asked === 0) return ''
  const answered = faulty.reduce((sum, { operations, availability }) => sum + availability * operations, 0)
  const slowest = Math.max(...faulty.map(({ slowestRecoveryNanos = 0 }) => slowestRecoveryNanos))
  const recovery = slowest === 0 ? '' : `, and the slowest recovery took ${duration(slowest)}`
  return `Under faults ${percent(answered / asked)} of ${count(asked)} operations were answered${recovery}.`
}
