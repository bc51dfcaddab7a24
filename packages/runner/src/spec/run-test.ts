import { type CheckOptions, check, levelsOf, type Report } from '@chaosproxy/checker'
import type { Header, History, Millis, UserError } from '@chaosproxy/history'
import { judgeRun } from '../judge.ts'
import { leaseMember } from '../result/lease.ts'
import type { ProbeAnswer } from '../result/requirements/probe.ts'
import type { RunSummary } from '../result/run-summary.ts'
import type { RunOutcome } from '../run-outcome.ts'
import { type PerformOptions, performRun, withRecord } from './perform.ts'
import type { Registries } from './registries.ts'
import { type PlannedRun, planRun } from './resolve.ts'
import type { RunListener } from './run-event.ts'
import type { RunSpec } from './run-spec.ts'
import type { RunStore } from './run-store.ts'

const CHECK_MEMORY_BYTES = 2_000_000_000

export interface RunTestOptions {
  readonly store: RunStore
  /** This program's version, kept with the run. */
  readonly version: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly now: () => Millis
  readonly listener?: RunListener | undefined
  /** Ends the run early but in good order; it is still judged. */
  readonly interrupted?: AbortSignal | undefined
  /**
   * Asks the probes that are required, once all is healed and read; without it they are unknown. The placeholders stand for
   * addresses.
   */
  readonly ask?:
    | ((
        require: readonly string[],
        placeholders: { readonly [name: string]: string },
      ) => Promise<ReadonlyMap<string, ProbeAnswer>>)
    | undefined
  /** Performs the run in another way than on this thread. */
  readonly perform?: ((run: PlannedRun, options: PerformOptions) => Promise<RunOutcome | undefined>) | undefined
}

/** A finished run and its results. */
export interface JudgedRun {
  readonly history: History
  readonly report: Report
  readonly summary: RunSummary
  /** How the nodes were started, if they are processes. */
  readonly commands?: RunOutcome['commands']
  readonly recall?: RunOutcome['recall']
}

/**
 * One run, from its spec to its verdict: starts the target, runs, heals, reads finally, and judges. Undefined if
 * interrupted before there was anything to record.
 *
 * @throws UserError: usage and input for a spec that cannot be run, before anything is started; environment if the
 * target does not come up, breaks, or its record cannot be written. Whatever was recorded by then is in the store.
 */
export async function runTest(
  spec: RunSpec,
  registries: Registries,
  options: RunTestOptions,
): Promise<JudgedRun | undefined> {
  return runPlanned(await planRun(spec, registries, 'run'), options)
}

/** Like `runTest`, for a run that is already planned. */
export async function runPlanned(run: PlannedRun, options: RunTestOptions): Promise<JudgedRun | undefined> {
  const { listener } = options
  listener?.({ type: 'starting', spec: run.spec })
  try {
    let answers: Answers
    const settled = async (placeholders: { readonly [name: string]: string }): Promise<void> => {
      answers = await options.ask?.(run.spec.require ?? [], placeholders)
    }
    const outcome = await recorded(run, options, settled)
    if (outcome === undefined) return undefined
    // A run on another thread has ended its target by now.
    if (answers === undefined) await settled({})
    return await judged(run, outcome, { ...options, answers })
  } catch (error) {
    listener?.({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

type Answers = ReadonlyMap<string, ProbeAnswer> | undefined

async function recorded(
  run: PlannedRun,
  options: RunTestOptions,
  settled: PerformOptions['settled'],
): Promise<RunOutcome | undefined> {
  const { store, listener, interrupted, version, perform = performRun } = options
  const abandoning = new AbortController()
  // Once recording has failed the run need not finish: stop the cluster at once.
  let failure: UserError | undefined
  const record = store.open(headerOf(run), (error) => {
    failure = error
    abandoning.abort(error)
  })
  let empty = true
  let ended = false
  const begun = () => {
    empty = false
  }
  try {
    const { dataDir, logDir } = store
    const abandoned = abandoning.signal
    const performing = { sink: record, dataDir, logDir, version, begun, settled, listener, interrupted, abandoned }
    const outcome = await perform(run, performing)
    ended = true
    return outcome
  } catch (error) {
    throw failure ?? (empty ? error : withRecord(error, store.historyName))
  } finally {
    record.close(ended)
  }
}

/** The first line of the history, so that the file explains itself. */
const headerOf = ({ spec, target, workload, targetSettings }: PlannedRun): Header => ({
  chaos: 1,
  model: typeof workload.model === 'string' ? workload.model : workload.model.name,
  initial: workload.initial,
  sessions: typeof target.sessions === 'function' ? target.sessions(targetSettings) : target.sessions,
  mapping: target.mapping,
  extra: {
    ...{ target: spec.target.name, workload: spec.workload.name, nodes: spec.nodes, seed: spec.seed },
    ...(workload.model === 'lock' ? leaseMember(target.settings, targetSettings) : {}),
  },
})

async function judged(
  run: PlannedRun,
  outcome: RunOutcome,
  options: RunTestOptions & { readonly answers: Answers },
): Promise<JudgedRun> {
  const { spec, target, workload, faultKinds, schedule, expect } = run
  const { store, now, listener } = options
  const history = await store.read()
  listener?.({ type: 'checking', operations: history.operations.length })
  const checkStarted = now()
  const checking: CheckOptions<string> = {
    model: workload.model,
    initial: workload.initial,
    levels: levelsOf(workload.model),
    failedCas: 'drop',
    staleness: true,
    deadlineMs: spec.checkMs,
    memoryBytes: CHECK_MEMORY_BYTES,
    now,
  }
  const report = check(history, { ...checking, proven: outcome.violation }) as Report
  const checkMs = (now() - checkStarted) as Millis
  const backend = await store.readBackend()
  const summary = judgeRun({
    version: options.version,
    spec,
    startedAt: options.startedAt,
    tier: target.tier,
    schedule,
    requestedFaults: faultKinds,
    history,
    workload,
    outcome,
    marks: target.marks,
    report,
    backend: backend && (check(backend, checking) as Report),
    checkMs,
    expect,
    checking,
    answers: options.answers,
  })
  const { report: _, ...rest } = summary
  listener?.({ type: 'judged', headline: report.headline, summary: rest })
  return { history, report, summary, commands: outcome.commands, recall: outcome.recall }
}
