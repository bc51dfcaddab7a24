import type { PhaseSummary } from '@chaosproxy/runner/result'
import { isBroken } from '../broken-phase.ts'

/** More phases than this are too many to compare at a glance. */
const MOST_PHASES = 6

/**
 * Calm, to compare with, and the phases that fared worst: those in which a level was broken, then those with the most
 * stale reads, then those that left most requests unanswered, with faults alone before several at once. At most six, in
 * the order of the run.
 */
export function tellingPhases(phases: readonly PhaseSummary[]): readonly PhaseSummary[] {
  const worstFirst = phases.toSorted((one, other) => compareInTurn(weights(one), weights(other)))
  const telling = new Set(worstFirst.slice(0, MOST_PHASES))
  return phases.filter((phase) => telling.has(phase))
}

/** The smaller, the sooner it is shown; each decides only between phases that are equal in all before it. */
const weights = (phase: PhaseSummary): readonly number[] => [
  phase.phase === 'calm' ? 0 : 1,
  isBroken(phase) ? 0 : 1,
  -(phase.staleReads ?? 0),
  phase.phase.includes('+') ? 1 : 0,
  phase.operations === 0 ? 1 : phase.availability,
]

function compareInTurn(one: readonly number[], other: readonly number[]): number {
  const at = one.findIndex((weight, i) => weight !== other[i])
  return (one[at] ?? 0) - (other[at] ?? 0)
}
