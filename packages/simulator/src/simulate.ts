import { millis } from '@chaos/history'
import { type RunOptions, type RunOutcome, startRun } from '@chaos/runner'
import type { RunEnd, RunLimits, SimulatedCluster } from './cluster.ts'

/** Far beyond what an honest run takes: ten minutes of virtual time, and fifty million events. */
const LIMITS: RunLimits = { events: 50_000_000, durationMs: millis(600_000) }

/** How long to wait for someone who takes writes, before clients begin. */
const WARM_UP: RunLimits = { events: 1_000_000, durationMs: millis(5_000) }

export type SimulatedRun =
  | { readonly type: 'ended'; readonly outcome: RunOutcome }
  /** The protocol floods, or spins without time passing, or never lets the run end. */
  | { readonly type: 'stopped'; readonly reason: Exclude<RunEnd, 'done'> }

/** A whole run in virtual time, from a leader's election to the last final read; it does not wait. */
export function simulateRun(cluster: SimulatedCluster, options: Omit<RunOptions, 'cluster'>): SimulatedRun {
  cluster.run(() => [...cluster.status().values()].some((status) => status?.leads === true), WARM_UP)
  let outcome: RunOutcome | undefined
  startRun({ ...options, cluster }, (ended) => {
    outcome = ended
  })
  const end = cluster.run(() => outcome !== undefined, LIMITS)
  if (end !== 'done' || outcome === undefined) return { type: 'stopped', reason: end === 'done' ? 'idle' : end }
  return { type: 'ended', outcome }
}
