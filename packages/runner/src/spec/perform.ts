import { type Event, type Input, millis, millisToNanos, type Nanos, nanos, UserError } from '@chaosproxy/history'
import { keyNames, type Settings, type Workload } from '@chaosproxy/workloads'
import type { RemoteLoad } from '../load/remote-load.ts'
import type { HistorySink } from '../ports.ts'
import type { Listening } from '../result/run-summary.ts'
import { type Progress, type RunHandle, startRun } from '../run.ts'
import type { RunOptions } from '../run-options.ts'
import type { RunOutcome } from '../run-outcome.ts'
import type { AskedOperations, StartedCluster } from '../target.ts'
import type { PlannedRun } from './resolve.ts'
import type { RunListener } from './run-event.ts'

/** Time for the replicas to agree after healing, unless the target gives another. */
const QUIET_MS = millis(10_000)
/** Slack in the limit on a run, which also allows twice the time of every phase. */
const SPARE_MS = 60_000
const STATUS_EVERY_MS = millis(100)

export interface PerformOptions {
  readonly sink: HistorySink
  readonly dataDir: string
  readonly logDir: string
  /** This program's version. */
  readonly version?: string | undefined
  /** Which messages between nodes to record as well, where the target can. */
  readonly listening?: Listening | undefined
  /** Called once there is something to record. */
  readonly begun?: (() => void) | undefined
  /**
   * Called once all is healed and read, before the target is stopped, with what stands for the addresses of its servers;
   * the target is stopped when it resolves. It does not reject.
   */
  readonly settled?: ((placeholders: { readonly [name: string]: string }) => Promise<void>) | undefined
  readonly listener?: RunListener | undefined
  /** This machine's address for clients on others. */
  readonly reach?: string | undefined
  /** Has workers on other machines drive the clients; resolves once all of them are ready. */
  readonly load?: ((cluster: StartedCluster, run: PlannedRun, signal?: AbortSignal) => Promise<OpenLoad>) | undefined
  /** Called once the run is under way, with what steers it. */
  readonly steered?: ((handle: RunHandle) => void) | undefined
  /** Ends the run early but in good order: it is healed and read a last time. A start in progress is given up. */
  readonly interrupted?: AbortSignal | undefined
  /** Ends the run at once, because its record can no longer be kept. The signal's reason is thrown. */
  readonly abandoned?: AbortSignal | undefined
}

/**
 * Starts the target, runs clients and nemesis, heals, reads a last time, and stops the target. Undefined if interrupted
 * before there was anything to record.
 *
 * @throws UserError (environment) if the target does not start, or breaks.
 */
export async function performRun(run: PlannedRun, options: PerformOptions): Promise<RunOutcome | undefined> {
  const { listener } = options
  const cluster = await startedCluster(run, options)
  if (cluster === undefined) return undefined
  let load: OpenLoad | 'interrupted' | undefined
  try {
    listener?.({ type: 'ready', readyMs: cluster.readyMs, leader: cluster.leader() })
    load = await openedLoad(cluster, run, options)
    if (load === 'interrupted') return undefined
    options.begun?.()
    const startedAt = cluster.clock.now()
    const outcome = await ranOn(cluster, run, options, load)
    const concluded = cluster.observed?.concluded(outcome.faults)
    await options.settled?.(cluster.placeholders?.() ?? {})
    return {
      ...outcome,
      trouble: [...outcome.trouble, ...(load?.trouble() ?? []), ...cluster.trouble(), ...(concluded?.trouble ?? [])],
      ...(concluded === undefined ? {} : { doubts: [...(outcome.doubts ?? []), ...concluded.doubts] }),
      notes: await cluster.notes?.(),
      commands: cluster.commands?.(),
      ...(options.listening === undefined ? {} : { heard: cluster.heard?.() }),
      ...recallOf(cluster, startedAt, outcome),
    }
  } finally {
    listener?.({ type: 'ending' })
    if (load !== 'interrupted') await load?.close()
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

const recallOf = ({ recall }: StartedCluster, startedAt: Nanos, { faults }: RunOutcome): Pick<RunOutcome, 'recall'> =>
  recall === undefined ? {} : { recall: (listening, known) => recall({ listening, known, startedAt, faults }) }

/** Clients that workers drive, until it is closed. */
export interface OpenLoad extends RemoteLoad {
  close(): Promise<void>
}

async function openedLoad(
  cluster: StartedCluster,
  run: PlannedRun,
  { load, interrupted }: PerformOptions,
): Promise<OpenLoad | 'interrupted' | undefined> {
  try {
    return await load?.(cluster, run, interrupted)
  } catch (error) {
    if (interrupted?.aborted) return 'interrupted'
    throw error
  }
}

async function startedCluster(
  { spec, target, workload, targetSettings, workloadSettings }: PlannedRun,
  { dataDir, logDir, version, reach, listening, interrupted }: PerformOptions,
): Promise<StartedCluster | undefined> {
  try {
    return await target.start({
      nodes: spec.nodes,
      settings: targetSettings,
      bug: spec.target.bug,
      object: workload.object,
      asked: askedOf(workload, workloadSettings),
      seed: spec.seed,
      dataDir,
      logDir,
      version,
      longestMs: millis(2 * (spec.timeMs + (target.quietMs ?? QUIET_MS) + spec.timeoutMs) + SPARE_MS),
      rate: spec.rate,
      reach,
      listening,
      signal: interrupted,
    })
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

function ranOn(
  cluster: StartedCluster,
  run: PlannedRun,
  options: PerformOptions,
  load: OpenLoad | undefined,
): Promise<RunOutcome> {
  const { listener, interrupted, abandoned } = options
  return new Promise<RunOutcome>((resolve, reject) => {
    abandoned?.throwIfAborted()
    abandoned?.addEventListener('abort', () => reject(abandoned.reason))
    const handle = startRun({ ...runOptionsOf(run, options), cluster, load }, resolve)
    const interrupt = () => handle.interrupt()
    if (interrupted?.aborted) interrupt()
    else interrupted?.addEventListener('abort', interrupt)
    if (listener !== undefined) tellStatus(cluster, handle, listener)
    cluster.onBroken(reject)
    options.steered?.(handle)
    cluster.begin()
  })
}

/** How clients and nemesis of a planned run work, on whatever cluster. */
export function runOptionsOf(
  { spec, target, targetSettings, nemeses, schedule, workload, workloadSettings }: PlannedRun,
  { sink, listener }: Pick<PerformOptions, 'sink' | 'listener'>,
): Omit<RunOptions, 'cluster' | 'load'> {
  return {
    workload,
    settings: workloadSettings,
    schedule,
    sink: listener === undefined ? sink : toldOf(sink, listener),
    clients: spec.clients,
    sticky: typeof target.sticky === 'function' ? target.sticky(targetSettings) : target.sticky,
    rate: spec.rate,
    timeMs: spec.timeMs,
    // A given schedule is followed to the letter, virtual time has no slow machines, and observed clients may be gone.
    insistOn:
      target.tier === 'real' && target.clients !== 'observed' ? [...new Set(nemeses.map(({ kind }) => kind))] : [],
    timeoutMs: spec.timeoutMs,
    quietMs: target.quietMs ?? QUIET_MS,
    seed: spec.seed,
    mayStandStill: target.tier === 'real',
    violated: listener && ((violation) => listener({ type: 'violation', violation })),
    mapping: target.mapping,
    stopOnViolation: spec.stopOnViolation,
  }
}

/** A sink that also passes its events to the listener. */
const toldOf = (sink: HistorySink, listener: RunListener): HistorySink => ({
  ...sink,
  append(event: Event) {
    sink.append(event)
    listener({ type: 'event', event })
  },
  wire: sink.wire && {
    ...sink.wire,
    client(line, event) {
      sink.wire?.client(line, event)
      listener({ type: 'event', event })
    },
  },
})

/** Uses the cluster's clock, so that a run in virtual time reports as often as a real one. */
function tellStatus({ clock }: StartedCluster, handle: RunHandle, listener: RunListener): void {
  const tell = () => {
    const progress: Progress = handle.progress()
    listener({ type: 'status', progress })
    if (progress.stage !== 'ended') clock.at(nanos(clock.now() + millisToNanos(STATUS_EVERY_MS)), tell)
  }
  tell()
}

/** Adds to the error where the record so far is kept. */
export const withRecord = (error: unknown, historyName: string): unknown =>
  error instanceof UserError && error.code === 'environment'
    ? new UserError('environment', `${error.message}\nWhat was recorded until then: ${historyName}`)
    : error
