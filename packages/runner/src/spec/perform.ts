import { type Event, millis, millisToNanos, nanos, UserError } from '@chaos/history'
import type { HistorySink } from '../ports.ts'
import { type Progress, type RunHandle, type RunOutcome, startRun } from '../run.ts'
import type { StartedCluster } from '../target.ts'
import type { PlannedRun } from './resolve.ts'
import type { RunListener } from './run-event.ts'

/** For the replicas to agree, once all is healed. */
const QUIET_MS = millis(10_000)
/** Beyond what an honest run takes: every phase twice over, and a minute. */
const SPARE_MS = 60_000
const STATUS_EVERY_MS = millis(100)

export interface PerformOptions {
  readonly sink: HistorySink
  readonly dataDir: string
  readonly logDir: string
  /** Called once there is something to record. */
  readonly begun?: (() => void) | undefined
  readonly listener?: RunListener | undefined
  /** Ends the run early, in good order: it is healed, and read a last time. A start that is on its way is given up. */
  readonly interrupted?: AbortSignal | undefined
  /** Ends it as it is: what it records can be kept no more. Its reason is what is thrown. */
  readonly abandoned?: AbortSignal | undefined
}

/**
 * Starts the target, lets clients and nemesis loose on it, heals it, reads it a last time, and ends it. Undefined where it
 * was interrupted before there was anything to record.
 *
 * @throws UserError (environment) where the target does not start, or breaks.
 */
export async function performRun(run: PlannedRun, options: PerformOptions): Promise<RunOutcome | undefined> {
  const { listener } = options
  const cluster = await startedCluster(run, options)
  if (cluster === undefined) return undefined
  try {
    options.begun?.()
    listener?.({ type: 'ready', readyMs: cluster.readyMs, leader: cluster.leader() })
    const outcome = await ranOn(cluster, run, options)
    return { ...outcome, trouble: [...outcome.trouble, ...cluster.trouble()] }
  } finally {
    listener?.({ type: 'ending' })
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

async function startedCluster(
  { spec, target, workload, targetSettings }: PlannedRun,
  { dataDir, logDir, interrupted }: PerformOptions,
): Promise<StartedCluster | undefined> {
  try {
    return await target.start({
      nodes: spec.nodes,
      settings: targetSettings,
      bug: spec.target.bug,
      object: workload.object,
      asked: { functions: workload.functions, reads: workload.reads, initial: workload.initial },
      seed: spec.seed,
      dataDir,
      logDir,
      longestMs: millis(2 * (spec.timeMs + QUIET_MS + spec.timeoutMs) + SPARE_MS),
      rate: spec.rate,
      signal: interrupted,
    })
  } catch (error) {
    if (interrupted?.aborted) return undefined
    throw error
  }
}

function ranOn(cluster: StartedCluster, run: PlannedRun, options: PerformOptions): Promise<RunOutcome> {
  const { spec, schedule, workload, workloadSettings } = run
  const { sink, listener, interrupted, abandoned } = options
  return new Promise<RunOutcome>((resolve, reject) => {
    abandoned?.throwIfAborted()
    abandoned?.addEventListener('abort', () => reject(abandoned.reason))
    const handle = startRun(
      {
        cluster,
        workload,
        settings: workloadSettings,
        schedule,
        sink: listener === undefined ? sink : toldOf(sink, listener),
        clients: spec.clients,
        rate: spec.rate,
        timeMs: spec.timeMs,
        timeoutMs: spec.timeoutMs,
        quietMs: QUIET_MS,
        seed: spec.seed,
      },
      resolve,
    )
    const interrupt = () => handle.interrupt()
    if (interrupted?.aborted) interrupt()
    else interrupted?.addEventListener('abort', interrupt)
    if (listener !== undefined) tellStatus(cluster, handle, listener)
    cluster.onBroken(reject)
    cluster.begin()
  })
}

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

/** By the cluster's clock, so that a run in virtual time is told of as often as one that takes its time. */
function tellStatus({ clock }: StartedCluster, handle: RunHandle, listener: RunListener): void {
  const tell = () => {
    const progress: Progress = handle.progress()
    listener({ type: 'status', progress })
    if (progress.stage !== 'ended') clock.at(nanos(clock.now() + millisToNanos(STATUS_EVERY_MS)), tell)
  }
  tell()
}

/** What was recorded is told with why there is no more of it. */
export const withRecord = (error: unknown, historyName: string): unknown =>
  error instanceof UserError && error.code === 'environment'
    ? new UserError('environment', `${error.message}\nWhat was recorded until then: ${historyName}`)
    : error
