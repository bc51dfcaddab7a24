import { type Millis, millis, millisToNanos, nanos, nanosToMillis } from '@chaosproxy/history'
import { drive, heal, type RunHandle, type RunOptions, type RunOutcome, readLast } from '@chaosproxy/runner'
import type { RunEnd, RunLimits, SimulatedCluster } from './cluster.ts'

/**
 * Returns limits far above a normal run. The time limit is twice the sum of `timeMs`, `quietMs` and `timeoutMs`, plus
 * the recovery time, plus one minute. The limit of events is 100,000 per second of the time limit.
 */
const limitsFor = ({ timeMs, quietMs, timeoutMs }: Omit<RunOptions, 'cluster'>, recoveryMs: Millis): RunLimits => {
  const durationMs = millis(2 * (timeMs + quietMs + timeoutMs) + recoveryMs + 60_000)
  return { events: durationMs * 100, durationMs }
}

/** The limits of the initial wait for a node that can serve clients. */
export const WARM_UP: RunLimits = { events: 200_000, durationMs: millis(5_000) }

export type SimulatedRun =
  | { readonly type: 'ended'; readonly outcome: RunOutcome }
  /** A limit stopped the run, as when the protocol floods. */
  | { readonly type: 'stopped'; readonly reason: Exclude<RunEnd, 'done'> }

export interface Simulation {
  readonly handle: RunHandle
  /** Processes at most this many events. Returns the run once it has ended. */
  advance(events: number): SimulatedRun | undefined
}

/** Elects a leader and begins the run. The result does not depend on the number of events in each call of `advance`. */
export function beginSimulation(cluster: SimulatedCluster, options: Omit<RunOptions, 'cluster'>): Simulation {
  cluster.run(() => cluster.isReady(), WARM_UP)
  let outcome: RunOutcome | undefined
  const ended = (read: RunOutcome): void => {
    outcome = read
  }
  const driven = drive({ ...options, cluster }, (why) => heal(driven, why, (healed) => readLast(healed, ended)))
  const [firstEvent, firstTime] = [cluster.eventCount(), cluster.clock.now()]
  return {
    handle: driven.handle,
    advance(events) {
      const recoveryMs = cluster.recoveryMs()
      const limits = limitsFor(options, recoveryMs)
      const lastEvent = firstEvent + limits.events
      const lastTime = firstTime + millisToNanos(limits.durationMs)
      const eventsLeft = lastEvent - cluster.eventCount()
      const durationMs = nanosToMillis(nanos(lastTime - cluster.clock.now()))
      const end = cluster.run(() => outcome !== undefined, { events: Math.min(events, eventsLeft), durationMs })
      if (outcome !== undefined) return { type: 'ended', outcome }
      if (end === 'too many events' && events < eventsLeft) return undefined
      // If a longer timer was set during the run, recovery may take longer, so the run continues.
      if (end !== 'idle' && cluster.recoveryMs() > recoveryMs) return undefined
      return { type: 'stopped', reason: end === 'done' ? 'idle' : end }
    },
  }
}
