import type { PhaseSummary } from '@chaosproxy/runner/result'

/** The strongest level that something in this phase breaks: a stale read breaks linearizability. */
export const brokenLevel = ({ violated = [], staleReads = 0 }: PhaseSummary): string | undefined =>
  staleReads > 0 ? 'linearizable' : violated[0]

export const isBroken = (phase: PhaseSummary): boolean => brokenLevel(phase) !== undefined
