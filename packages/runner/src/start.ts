import { createRandom } from '@chaosproxy/faults'
import { type Input, millis, type Nanos, replacesWhole } from '@chaosproxy/history'
import { keyNames, type Settings, type Workload, WRITING_RANK } from '@chaosproxy/workloads'
import { quietMsOf } from './drive.ts'
import type { RemoteLoad } from './load/remote-load.ts'
import type { PlannedRun } from './plan/plan-run.ts'
import type { Concluded } from './ports/cluster.ts'
import type { RunOutcome } from './ports/run-outcome.ts'
import type { RequestedOperations, StartedCluster, StartOptions as TargetOptions } from './ports/target.ts'
import type { RunListener } from './run-event.ts'

/** Milliseconds added to the time limit of a run. */
const SPARE_MS = 60_000

export interface StartOptions extends Pick<TargetOptions, 'dataDir' | 'logDir' | 'version' | 'reach' | 'listening'> {
  readonly listener?: RunListener | undefined
  /**
   * Aborts a start in progress. Ends a run in progress early, with the usual last steps: faults are healed, and the
   * nodes are read a last time.
   */
  readonly interrupted?: AbortSignal | undefined
  /** Lets workers on other machines drive the clients; resolves once all workers are ready. */
  readonly load?: ((cluster: StartedCluster, run: PlannedRun, signal?: AbortSignal) => Promise<OpenLoad>) | undefined
}

/** Clients that workers drive until `close` is called. */
export interface OpenLoad extends RemoteLoad {
  close(): Promise<void>
}

interface StartedRun extends Pick<StartOptions, 'listening'> {
  readonly cluster: StartedCluster
  /** The clients that workers drive; undefined if the run drives its own clients. */
  readonly load: OpenLoad | undefined
  readonly startedAt: Nanos
  stop(): Promise<void>
}

/** Starts the target of a run, and the workers that drive its clients; undefined if interrupted. */
export async function start(run: PlannedRun, options: StartOptions): Promise<StartedRun | undefined> {
  const { listener, interrupted, listening } = options
  const cluster = await unlessInterrupted(interrupted, () => startTarget(run, options))
  if (cluster === undefined) return undefined
  let load: OpenLoad | undefined
  const stop = async (): Promise<void> => {
    listener?.({ type: 'ending' })
    await load?.close()
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
  try {
    const { readyMs, rehearsal } = cluster
    listener?.({ type: 'ready', readyMs, leader: cluster.leader(), remark: rehearsal?.remark })
    load = await unlessInterrupted(interrupted, async () => options.load?.(cluster, run, interrupted))
    if (options.load === undefined || load !== undefined)
      return { cluster, load, startedAt: cluster.clock.now(), listening, stop }
  } catch (error) {
    await stop()
    throw error
  }
  await stop()
  return undefined
}

/** Returns the outcome with the remarks of the cluster and of the clients' drivers. */
export async function withRemarks(
  outcome: RunOutcome,
  { cluster, load, startedAt, listening: listened }: StartedRun,
  concluded: Concluded | undefined,
): Promise<RunOutcome> {
  const { recall } = cluster
  return {
    ...outcome,
    trouble: [...outcome.trouble, ...(load?.trouble() ?? []), ...cluster.trouble(), ...(concluded?.trouble ?? [])],
    ...(concluded === undefined ? {} : { doubts: [...(outcome.doubts ?? []), ...concluded.doubts] }),
    notes: await cluster.notes?.(),
    commands: cluster.commands?.(),
    ...(listened === undefined ? {} : { heard: cluster.heard?.() }),
    ...(recall && {
      recall: (recollection) => recall({ ...recollection, startedAt, faults: outcome.faults }),
    }),
  }
}

const startTarget = (
  { spec, target, workload, targetSettings, workloadSettings, faultKinds, expect }: PlannedRun,
  { interrupted, dataDir, logDir, version, reach, listening, listener }: StartOptions,
): Promise<StartedCluster> =>
  target.start({
    nodes: spec.nodes,
    settings: targetSettings,
    bug: spec.target.bug,
    object: workload.object,
    operations: requestedOperations(workload, workloadSettings),
    seed: spec.seed,
    faults: faultKinds,
    ...{ dataDir, logDir, version, reach, listening },
    rehearses: spec.rehearsal ?? true,
    waits: (text) => listener?.({ type: 'waiting', text }),
    longestMs: millis(2 * (spec.timeMs + quietMsOf(target, expect) + spec.timeoutMs) + SPARE_MS),
    rate: spec.rate,
    signal: interrupted,
  })

async function unlessInterrupted<T>(
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

export const requestedOperations = (workload: Workload, settings: Settings): RequestedOperations => ({
  functions: workload.uses?.(settings) ?? workload.functions,
  reads: workload.reads,
  initial: workload.initial,
  before: readsBefore(workload, settings),
  sampleWrite: () => sampleWrite(workload, settings),
})

/** Maximum number of operations to generate in search of a write. */
const MOST_SAMPLED = 100

function sampleWrite(workload: Workload, settings: Settings): Input | undefined {
  if (!workload.functions.some(replacesWhole)) return undefined
  const client = workload.create(settings, 0).client(createRandom(0), WRITING_RANK)
  for (let attempts = 0; attempts < MOST_SAMPLED; attempts++) {
    const input = client.next()
    if (replacesWhole(input.f)) return input
  }
  return undefined
}

function readsBefore(workload: Workload, settings: Settings): readonly Input[] {
  const { keys } = settings
  const inputs = workload.finale(typeof keys === 'number' ? keyNames(keys) : [])
  return inputs.filter(({ f }) => workload.reads.includes(f))
}
