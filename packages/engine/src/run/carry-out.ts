import { existsSync, rmSync } from 'node:fs'
import { millis } from '@chaosproxy/history'
import { type PlannedRun, type RunHandle, type RunListener, runPlanned } from '@chaosproxy/runner'
import { type RunDirectory, storeIn } from '../run-directory.ts'
import { packageVersion } from '../version.ts'
import { type Performer, performerFor } from './apart.ts'
import { withHeard } from './heard.ts'
import { type ChosenBaseline, heldTo } from './held-to.ts'
import { exitCodeOf, type FinishedRun } from './results.ts'

interface CarryOutOptions {
  readonly directory: RunDirectory
  readonly startedAt: Date
  /** Ends the run early but in good order. */
  readonly interrupted: AbortSignal
  readonly listener?: RunListener | undefined
  /** Whether to perform a simulated run twice, to verify that it is deterministic. */
  readonly twice?: boolean | undefined
  /** An earlier result that this one must not fall behind. */
  readonly baseline?: ChosenBaseline | undefined
  /** The command that repeats the run, for the report. */
  readonly again: string
  /** Called once the run has started, with its controls; not for a run on another thread. */
  readonly steered?: ((handle: RunHandle) => void) | undefined
  /** Replaces the usual way to perform the run. */
  readonly performer?: Performer | undefined
}

/**
 * Performs a planned run, keeps its record in the directory, and judges it; writing the result is left to the caller.
 * Undefined, and without the directory, if it was interrupted before anything was recorded.
 */
export async function carryOut(
  run: PlannedRun,
  { directory, startedAt, interrupted, listener, twice = false, baseline, again, steered, ...options }: CarryOutOptions,
): Promise<FinishedRun | undefined> {
  const store = storeIn(directory, run.target.tier)
  const performer = options.performer ?? (await performerFor(run, interrupted))
  const { perform, end } = twice ? (await import('./verified.ts')).verified(performer) : performer
  let hasBegun = false
  try {
    const outcome = await runPlanned(run, {
      store,
      version: packageVersion(),
      startedAt: startedAt.toISOString(),
      now: () => millis(performance.now()),
      listener,
      interrupted,
      perform: (planned, performing) =>
        perform(planned, {
          ...performing,
          steered(handle) {
            hasBegun = true
            steered?.(handle)
          },
        }),
      // Few runs require a probe.
      ask: run.spec.require?.length
        ? async (...asked) => (await import('../probe/ask.ts')).askProbes(...asked)
        : undefined,
    })
    if (outcome === undefined) {
      rmSync(directory.path, { recursive: true, force: true })
      return undefined
    }
    const { dataDir } = store
    const heard = await withHeard(run, outcome, performer, {
      dataDir,
      logDir: directory.nodes,
      version: packageVersion(),
      interrupted,
    })
    const judged = heldTo(baseline, heard)
    return { run, judged, directory, again, exitCode: exitCodeOf(judged) }
  } catch (error) {
    // Nothing was recorded, and no node's log explains why: the directory is useless.
    if (run.target.clients === 'observed' && !hasBegun && !existsSync(directory.nodes))
      rmSync(directory.path, { recursive: true, force: true })
    throw error
  } finally {
    await end()
    rmSync(store.dataDir, { recursive: true, force: true })
  }
}
