import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Schedule } from '@chaos/faults'
import { type Event, millis, UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import { type RunOptions, type RunOutcome, registerWorkload, startRun } from '@chaos/runner'
import { type EmbeddedCluster, startEmbeddedCluster } from '@chaos/targets'
import type { ProgressDisplay } from '../terminal/progress.ts'
import type { RunDirectory } from './directory.ts'
import type { Interrupts } from './interrupts.ts'
import { createRateMeter, liveLine } from './live-line.ts'
import { headerOf } from './plan.ts'
import type { RunSettings } from './settings.ts'

const QUIET_MS = millis(10_000)
const REFRESH_EVERY_MS = 100

/** Starts the processes, runs, and ends them. The history is on disk when this resolves, and also when it throws. */
export async function runForReal(
  settings: RunSettings,
  schedule: Schedule,
  directory: RunDirectory,
  progress: ProgressDisplay,
  interrupts: Interrupts,
): Promise<RunOutcome> {
  progress.update('starting the cluster')
  const starting = new AbortController()
  interrupts.onInterrupt(() => starting.abort())
  const dataDir = join(directory.path, 'data')
  const cluster = await startEmbeddedCluster({
    protocol: settings.protocol.name,
    bug: settings.bug,
    knobs: settings.knobs,
    nodes: settings.nodes,
    dataDir,
    logDir: directory.nodes,
    seed: settings.seed,
    signal: starting.signal,
  })
  try {
    const leader = cluster.leader()
    progress.succeed(
      `cluster ready in ${(cluster.readyMs / 1000).toFixed(1)} s${leader === undefined ? '' : ` (leader ${leader})`}`,
    )
    const outcome = await recordedRun(cluster, settings, schedule, directory, progress, interrupts)
    return { ...outcome, trouble: [...outcome.trouble, ...cluster.trouble()] }
  } finally {
    progress.update('ending the cluster')
    await new Promise<void>((resolve) => cluster.stop(resolve))
    rmSync(dataDir, { recursive: true, force: true })
  }
}

async function recordedRun(
  cluster: EmbeddedCluster,
  settings: RunSettings,
  schedule: Schedule,
  directory: RunDirectory,
  progress: ProgressDisplay,
  interrupts: Interrupts,
): Promise<RunOutcome> {
  const writer = openHistoryWriter(directory.history, { header: headerOf(settings) })
  let writeError: Error | undefined
  let onWriteError = () => {}
  const refresh: { timer?: NodeJS.Timeout } = {}
  const append = (event: Event) => {
    if (writeError !== undefined) return
    try {
      writer.append(event)
    } catch (error) {
      writeError = error as Error
      onWriteError()
    }
  }
  try {
    const outcome = await new Promise<RunOutcome>((resolve) => {
      const handle = startRun({ cluster, ...runOptions(settings, schedule, append) }, resolve)
      interrupts.onInterrupt(() => handle.interrupt())
      // Without a record there is nothing to check: the work ends, and the cluster is healed and ended as usual.
      onWriteError = () => setImmediate(() => handle.interrupt())
      const rate = createRateMeter()
      refresh.timer = setInterval(() => {
        const now = handle.progress()
        const { ok, fail, info } = now.counts
        progress.update(liveLine(now, settings.timeMs, rate(ok + fail + info, now.elapsed)))
      }, REFRESH_EVERY_MS)
    })
    await writer.close()
    if (writeError !== undefined) throw asUserError(writeError, directory)
    return outcome
  } finally {
    clearInterval(refresh.timer)
  }
}

export const runOptions = (
  settings: RunSettings,
  schedule: Schedule,
  append: (event: Event) => void,
): Omit<RunOptions, 'cluster'> => ({
  workload: registerWorkload(settings.keys),
  schedule,
  sink: { append },
  clients: settings.clients,
  rate: settings.rate,
  timeMs: settings.timeMs,
  timeoutMs: settings.timeoutMs,
  quietMs: QUIET_MS,
  seed: settings.seed,
})

const asUserError = (error: Error, directory: RunDirectory): UserError =>
  error instanceof UserError
    ? error
    : new UserError('environment', `${directory.history}: cannot be written: ${error.message}`)
