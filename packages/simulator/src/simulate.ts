import { millis } from '@chaos/history'
import { type RunOptions, type RunOutcome, startRun } from '@chaos/runner'
import type { RunEnd, RunLimits, SimulatedCluster } from './cluster.ts'

/** Beyond what an honest run takes: every phase twice over and a minute, and a hundred thousand events a second. */
const limitsFor = ({ timeMs, quietMs, timeoutMs }: Omit<RunOptions, 'cluster'>): RunLimits => {
  const durationMs = millis(2 * (timeMs + quietMs + timeoutMs) + 60_000)
  return { events: durationMs * 100, durationMs }
}

/** How long to wait for someone who takes writes, before clients begin. */
const WARM_UP: RunLimits = { events: 1_000_000, durationMs: millis(5_000) }

export type SimulatedRun =
  | { readonly type: 'ended'; readonly outcome: RunOutcome }
  /** The protocol floods, or spins without time passing, or never lets the run end. */
  | { readonly type: 'stopped'; readonly reason: Exclude<RunEnd, 'done'> }

/** A whole run in virtual time, from a leader's election to the last final read; it does not wait. */
export function simulateRun(cluster: SimulatedCluster, options: Omit<RunOptions, 'cluster'>): SimulatedRun {
  cluster.run(() => cluster.isLed(), WARM_UP)
  let outcome: RunOutcome | undefined
  startRun({ ...options, cluster }, (ended) => {
    outcome = ended
  })
  const end = cluster.run(() => outcome !== undefined, limitsFor(options))
  if (end !== 'done' || outcome === undefined) return { type: 'stopped', reason: end === 'done' ? 'idle' : end }
  return { type: 'ended', outcome }
}
