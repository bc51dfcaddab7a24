import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import { type RunOutcome, startRun } from '@chaos/runner'
import { type EmbeddedCluster, startEmbeddedCluster } from '@chaos/targets'
import type { RunContext } from './context.ts'
import { unlessInterrupted } from './interrupts.ts'
import { createRateMeter, liveLine } from './live-line.ts'
import { headerOf, runPlanOf } from './plan.ts'
import { optionsOf } from './simulate.ts'

const REFRESH_EVERY_MS = 100

/**
 * Starts the processes, runs, and ends them. The history is on disk when this resolves, and also when it throws; undefined
 * where it was interrupted before there was anything to record.
 */
export async function runForReal(context: RunContext): Promise<RunOutcome | undefined> {
  const { settings, directory, progress, interrupts } = context
  progress.update('starting the cluster')
  const dataDir = join(directory.path, 'data')
  try {
    const cluster = await unlessInterrupted(interrupts, (signal) =>
      startEmbeddedCluster({
        protocol: settings.reference,
        bug: settings.bug,
        knobs: settings.knobs,
        nodes: settings.nodes,
        dataDir,
        logDir: directory.nodes,
        seed: settings.seed,
        signal,
      }),
    )
    return cluster && (await runOn(cluster, context))
  } finally {
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** The cluster has ended when this resolves. */
async function runOn(cluster: EmbeddedCluster, context: RunContext): Promise<RunOutcome> {
  const { progress } = context
  try {
    const leader = cluster.leader()
    progress.succeed(
      `cluster ready in ${(cluster.readyMs / 1000).toFixed(1)} s${leader === undefined ? '' : ` (leader ${leader})`}`,
    )
    const outcome = await recordedRun(cluster, context)
    return { ...outcome, trouble: [...outcome.trouble, ...cluster.trouble()] }
  } finally {
    progress.update('ending the cluster')
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

async function recordedRun(cluster: EmbeddedCluster, context: RunContext): Promise<RunOutcome> {
  const { settings, directory, progress, interrupts } = context
  let abandon = () => {}
  let failure: UserError | undefined
  const writer = openHistoryWriter(directory.history, {
    header: headerOf(settings),
    // What is no longer recorded need not be brought to an end: the cluster is ended as it is.
    onError(error) {
      failure = error
      abandon()
    },
  })
  let refresh: NodeJS.Timeout | undefined
  try {
    if (failure !== undefined) throw failure
    return await new Promise<RunOutcome>((resolve, reject) => {
      abandon = () => reject(failure)
      const handle = startRun({ cluster, ...optionsOf(runPlanOf(settings, context.schedule), writer.append) }, resolve)
      interrupts.onInterrupt(() => handle.interrupt())
      cluster.onBroken((error) => {
        failure = new UserError('environment', `${error.message}\nWhat was recorded until then: ${directory.history}`)
        abandon()
      })
      const rate = createRateMeter()
      refresh = setInterval(() => {
        const now = handle.progress()
        const { ok, fail, info } = now.counts
        progress.update(liveLine(now, settings.timeMs, rate(ok + fail + info, now.elapsed)))
      }, REFRESH_EVERY_MS)
    })
  } finally {
    clearInterval(refresh)
    writer.close()
  }
}
