import { type Input, millis } from '@chaosproxy/history'
import { keyNames, type Settings, type Workload } from '@chaosproxy/workloads'
import { quietMsOf } from './drive.ts'
import type { RemoteLoad } from './load/remote-load.ts'
import type { PlannedRun } from './plan/plan-run.ts'
import type { AskedOperations, StartedCluster, StartOptions } from './ports/target.ts'

/** Slack in the limit on a run, which also allows twice the time of every phase. */
const SPARE_MS = 60_000

export interface StartingOptions extends Pick<StartOptions, 'dataDir' | 'logDir' | 'version' | 'reach' | 'listening'> {
  /** Ends the run early but in good order: it is healed and read a last time. Gives up a start in progress. */
  readonly interrupted?: AbortSignal | undefined
  /** Has workers on other machines drive the clients; resolves once all of them are ready. */
  readonly load?: ((cluster: StartedCluster, run: PlannedRun, signal?: AbortSignal) => Promise<OpenLoad>) | undefined
}

/** Clients that workers drive, until it is closed. */
export interface OpenLoad extends RemoteLoad {
  close(): Promise<void>
}

/** Starts the target of a run; undefined if interrupted. */
export const startTarget = (
  { spec, target, workload, targetSettings, workloadSettings }: PlannedRun,
  { interrupted, dataDir, logDir, version, reach, listening }: StartingOptions,
): Promise<StartedCluster | undefined> =>
  unlessInterrupted(interrupted, () =>
    target.start({
      nodes: spec.nodes,
      settings: targetSettings,
      bug: spec.target.bug,
      object: workload.object,
      asked: askedOf(workload, workloadSettings),
      seed: spec.seed,
      ...{ dataDir, logDir, version, reach, listening },
      longestMs: millis(2 * (spec.timeMs + quietMsOf(target) + spec.timeoutMs) + SPARE_MS),
      rate: spec.rate,
      signal: interrupted,
    }),
  )

export async function unlessInterrupted<T>(
  interrupted: AbortSignal | undefined,
  start: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await start()
  } catch (error) {
    if (interrupted?.aborted) return undefined
    throw error
  }
}

/** What the clients of a workload will ask. */
export const askedOf = (workload: Workload, settings: Settings): AskedOperations => ({
  functions: workload.uses?.(settings) ?? workload.functions,
  reads: workload.reads,
  initial: workload.initial,
  before: readsBefore(workload, settings),
})

/** The reads of objects that exist from the start. */
function readsBefore(workload: Workload, settings: Settings): readonly Input[] {
  const { keys } = settings
  const inputs = workload.finale(typeof keys === 'number' ? keyNames(keys) : [])
  return inputs.filter(({ f }) => workload.reads.includes(f))
}
