import { rmSync } from 'node:fs'
import { millis } from '@chaosproxy/history'
import { type JudgedRun, type PlannedRun, type RunListener, runPlanned } from '@chaosproxy/runner'
import { askProbes } from '../probe/ask.ts'
import { packageVersion } from '../version.ts'
import { type Performer, performerFor } from './apart.ts'
import { type RunDirectory, storeIn } from './directory.ts'
import { verified } from './verified.ts'

interface CarryOutOptions {
  readonly directory: RunDirectory
  readonly startedAt: Date
  /** Ends the run early but in good order. */
  readonly interrupted: AbortSignal
  readonly listener?: RunListener | undefined
  /** Whether to perform a simulated run twice, to verify that it is deterministic. */
  readonly twice?: boolean | undefined
  /** Replaces the usual way to perform the run. */
  readonly performer?: Performer | undefined
}

/**
 * Performs a planned run, keeps its record in the directory, and judges it. Undefined if it was interrupted before
 * there was anything to record.
 */
export async function carryOut(
  run: PlannedRun,
  { directory, startedAt, interrupted, listener, twice = false, ...options }: CarryOutOptions,
): Promise<JudgedRun | undefined> {
  const store = storeIn(directory, run.target.tier)
  const performer = options.performer ?? (await performerFor(run, interrupted))
  const { perform, end } = twice ? verified(performer) : performer
  try {
    return await runPlanned(run, {
      store,
      version: packageVersion(),
      startedAt: startedAt.toISOString(),
      now: () => millis(performance.now()),
      listener,
      interrupted,
      perform,
      ask: askProbes,
    })
  } finally {
    await end()
    rmSync(store.dataDir, { recursive: true, force: true })
  }
}
