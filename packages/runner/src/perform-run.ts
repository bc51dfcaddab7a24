import { drive, heal, inTimeOf, runOptionsOf, type Steering } from './drive.ts'
import { judge } from './judge/judge.ts'
import type { PlannedRun } from './plan/plan-run.ts'
import type { Answers, JudgedRun, Judging, RecordStore, RunStore } from './ports/run-options.ts'
import type { RunOutcome } from './ports/run-outcome.ts'
import { readLast } from './read-last.ts'
import { type Recording, recorded } from './record.ts'
import type { RunSpec } from './result/run-spec.ts'
import type { RunListener } from './run-event.ts'
import { type StartOptions, start, withRemarks } from './start.ts'

/**
 * Performs one run, from its spec to its verdict. Without `judging`, the run ends with its final reads. Undefined if
 * the run is interrupted before anything was recorded.
 *
 * @throws UserError (environment) if the target does not start, breaks, or its record cannot be written. Everything
 * recorded before the error is in the store.
 */
export async function performRun(spec: RunSpec, options: JudgedRunOptions): Promise<JudgedRun | undefined>
export async function performRun(spec: RunSpec, options: UnjudgedRunOptions): Promise<RunOutcome | undefined>
export async function performRun(
  spec: RunSpec,
  options: JudgedRunOptions | UnjudgedRunOptions,
): Promise<JudgedRun | RunOutcome | undefined> {
  const { store, elsewhere, judging, listener } = options
  const run = await options.plan(spec)
  listener?.({ type: 'starting', spec: run.spec })
  try {
    let answers: Answers | undefined
    const outcome = await recorded(run, store, async (recording) => {
      if (elsewhere !== undefined) return elsewhere(run, recording)
      const started = await start(run, { ...options, ...store, version: judging?.version })
      if (started === undefined) return undefined
      try {
        recording.begun()
        const { cluster, load } = started
        const found = await inTimeOf(cluster, { ...options, ...recording }, (ended) => {
          const working = { ...runOptionsOf(run, recording.sink, listener), cluster, load }
          // In virtual time, only the clock may determine the order of events, so callbacks replace promises.
          const driven = drive(working, (why) => heal(driven, why, (healed) => readLast(healed, ended)))
          return driven.handle
        })
        const concluded = cluster.observed?.concluded(found.faults)
        answers = await judging?.ask?.(run.spec.require ?? [], cluster.placeholders?.() ?? {})
        return await withRemarks(found, started, concluded)
      } finally {
        await started.stop()
      }
    })
    if (outcome === undefined || judging === undefined) return outcome
    // A target on another thread has stopped by now. The probes therefore get no addresses of its servers.
    answers ??= await judging.ask?.(run.spec.require ?? [], {})
    const judged = await judge(run, outcome, { ...options, judging, answers })
    report(judged, listener)
    return judged
  } catch (error) {
    listener?.({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

interface PerformOptions
  extends Pick<Steering, 'listener' | 'steered'>,
    Omit<StartOptions, 'dataDir' | 'logDir' | 'version'> {
  /** Returns the plan of a run, as `planRun` makes it. A caller that has planned the run earlier returns that plan. */
  plan(spec: RunSpec): Promise<PlannedRun>
  /** Performs the run up to the final reads in another place, such as another thread. */
  readonly elsewhere?: ((run: PlannedRun, recording: Recording) => Promise<RunOutcome | undefined>) | undefined
}

export interface JudgedRunOptions extends PerformOptions {
  readonly store: RunStore
  readonly judging: Judging
}

export interface UnjudgedRunOptions extends PerformOptions {
  readonly store: RecordStore
  readonly judging?: undefined
}

function report({ report: { headline }, summary }: JudgedRun, listener: RunListener | undefined): void {
  const { report: _, ...kept } = summary
  listener?.({ type: 'judged', headline, summary: kept })
}
