import { existsSync, rmSync } from 'node:fs'
import { type Event, environmentError, millis } from '@chaosproxy/history'
import { knownChanges, listeningFor } from '@chaosproxy/report'
import {
  type JudgedRun,
  type JudgedRunOptions,
  type PlannedRun,
  performRun,
  type RunHandle,
  type RunListener,
  type RunStore,
} from '@chaosproxy/runner'
import { type RunDirectory, storeIn } from '../run-directory.ts'
import { packageVersion } from '../version.ts'
import { type Performer, performerFor } from './apart.ts'
import { type ChosenBaseline, heldTo } from './held-to.ts'
import { exitCodeOf, type FinishedRun } from './results.ts'

interface CarryOutOptions extends Pick<JudgedRunOptions, 'load' | 'reach'> {
  readonly directory: RunDirectory
  readonly startedAt: Date
  /**
   * When aborted, ends the run early. The run still heals its faults, performs the final reads and judges the history.
   */
  readonly interrupted: AbortSignal
  readonly listener?: RunListener | undefined
  readonly twice?: boolean | undefined
  /** An earlier result that the run must not fall behind. */
  readonly baseline?: ChosenBaseline | undefined
  readonly again: string
  /** Called with the run's controls once it has started on this thread. */
  readonly steered?: ((handle: RunHandle) => void) | undefined
}

/**
 * Performs a planned run, stores its record, and judges it. Removes the directory, and returns undefined, if nothing
 * was recorded.
 */
export async function carryOut(
  run: PlannedRun,
  { directory, startedAt, interrupted, listener, twice = false, baseline, again, steered, ...more }: CarryOutOptions,
): Promise<FinishedRun | undefined> {
  const performer = await performerFor(run, interrupted)
  const kept = storeIn(directory, run.target.tier)
  const store = twice ? verified(kept, { run, performer, interrupted }) : kept
  let hasBegun = false
  try {
    const performed = await performRun(run.spec, {
      ...{ ...more, store, listener, interrupted },
      plan: async () => run,
      elsewhere: performer.elsewhere,
      judging: {
        version: packageVersion(),
        startedAt: startedAt.toISOString(),
        now: () => millis(performance.now()),
        // Few runs require a probe, so the code of probes is imported on demand.
        ask: run.spec.require?.length
          ? async (...given) => (await import('../probe/run-probes.ts')).runProbes(...given)
          : undefined,
      },
      steered(handle) {
        hasBegun = true
        steered?.(handle)
      },
    })
    if (performed === undefined) {
      rmSync(directory.path, { recursive: true, force: true })
      return undefined
    }
    const judged = heldTo(baseline, await withHeard(run, performed, performer, interrupted))
    return { run, judged, directory, again, exitCode: exitCodeOf(judged) }
  } catch (error) {
    // Removes a directory that has no events and no logs.
    if (run.target.clients === 'observed' && !hasBegun && !existsSync(directory.nodes))
      rmSync(directory.path, { recursive: true, force: true })
    throw error
  } finally {
    await performer.end()
    rmSync(store.dataDir, { recursive: true, force: true })
  }
}

/**
 * Adds the messages between nodes to a failed run. A simulated run is repeated for this, because recording every
 * message of every run would cost more than the run.
 */
async function withHeard(
  run: PlannedRun,
  judged: JudgedRun,
  { again }: Performer,
  interrupted: AbortSignal,
): Promise<JudgedRun> {
  const { summary, recall } = judged
  if (run.target.tier === 'real') {
    const listening = recall === undefined ? undefined : listeningFor({ ...judged, run: summary })
    if (recall === undefined || listening === undefined) return judged
    const heard = recall({ listening, known: knownChanges(judged, listening), keys: judged.history.keys })
    return { ...judged, summary: { ...summary, heard } }
  }
  // An interrupted run cannot be repeated, because the repetition would end at a different event.
  if (summary.interrupted || interrupted.aborted) return judged
  const listening = listeningFor({ ...judged, run: summary })
  if (listening === undefined) return judged
  const { events = [], outcome } = (await again(run, { interrupted, listening })) ?? {}
  if (outcome?.heard === undefined || !isSameRun(judged, events)) return judged
  return { ...judged, summary: { ...summary, heard: outcome.heard } }
}

/** Whether a repeated run equals the judged one. A user's protocol may behave differently each time. */
function isSameRun({ history: { operations, processName, eventCount } }: JudgedRun, events: readonly Event[]): boolean {
  if (events.length !== eventCount) return false
  const last = operations.length - 1
  const called = events.findLast(({ type }) => type === 'invoke')
  return (
    called !== undefined &&
    called.time === operations.callTime[last] &&
    String(called.process) === processName(operations.process[last] ?? 0)
  )
}

/**
 * Returns a store whose records have the function `verify`. This function repeats the run, and throws an error if the
 * two histories differ.
 */
const verified = (
  store: RunStore,
  { run, performer, interrupted }: { run: PlannedRun; performer: Performer; interrupted: AbortSignal },
): RunStore => ({
  ...store,
  open(header, failed) {
    const record = store.open(header, failed)
    const events: Event[] = []
    return {
      ...record,
      append(event) {
        events.push(event)
        record.append(event)
      },
      async verify(outcome) {
        // An interrupted run cannot be verified, because its repetition would end at a different event.
        if (outcome.interrupted || interrupted.aborted) return
        const again = await performer.again(run, { interrupted })
        const { digestOf } = await import('@chaosproxy/simulator')
        if (interrupted.aborted || digestOf(again?.events ?? []) === digestOf(events)) return
        throw environmentError(
          `${run.target.name} is not deterministic: a repetition of the run gave another history. A step may depend only on its state and event: no clock, no Math.random, no state elsewhere.`,
        )
      },
    }
  },
})
