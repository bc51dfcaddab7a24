import { millis } from '@chaosproxy/history'
import { type Observation, observe, type PerformOptions, type PlannedRun, type RunOutcome } from '@chaosproxy/runner'
import { type TrafficCluster, type TrafficClusterOptions, trafficCluster, withSpellings } from '@chaosproxy/targets'
import { finallyOf, type Recorded } from './plan.ts'
import { surplusOf } from './requirements.ts'
import { checkTable } from './table-functions.ts'

const QUIET_MS = millis(10_000)

/** Proxies in front of servers, and what is observed of the traffic through them. */
export interface ObservedTraffic {
  readonly cluster: TrafficCluster
  readonly observation: Observation
  /** Heals, reads a last time, and adds the caller's own trouble and what the record says of the servers' answers. */
  stop(interrupted: boolean, ownTrouble?: () => readonly string[]): Promise<RunOutcome>
}

/** Records and judges what clients outside of our control do; the proxies are still to be opened. */
export function observeTraffic(
  settings: Recorded,
  run: PlannedRun,
  sink: PerformOptions['sink'],
  servers: Pick<TrafficClusterOptions, 'upstreams' | 'victims'>,
): ObservedTraffic {
  const { timeoutMs } = settings
  const carries = withSpellings(settings.carries)
  const seeing = finallyOf({ ...settings, carries })
  const cluster = trafficCluster({
    ...servers,
    carries,
    seed: run.spec.seed,
    finally: seeing,
    checkTable: (table, where) => checkTable(table, where, settings.model),
  })
  const observation = observe({
    cluster,
    workload: run.workload,
    schedule: run.schedule,
    sink,
    timeoutMs,
    quietMs: QUIET_MS,
    canRead: (key) => seeing?.canRead(key) ?? false,
    seed: run.spec.seed,
    repeatsAreDoubtful: carries.kind === 'resp',
  })
  return {
    cluster,
    observation,
    async stop(interrupted, ownTrouble = () => []) {
      const outcome = await new Promise<RunOutcome>((resolve) => observation.stop(interrupted, resolve))
      const { trouble = [], doubts = [] } = surplusOf(cluster.recorder, outcome)
      return {
        ...outcome,
        trouble: [...outcome.trouble, ...ownTrouble(), ...trouble],
        doubts: [...(outcome.doubts ?? []), ...doubts],
      }
    },
  }
}
