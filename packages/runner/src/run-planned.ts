import { type CheckOptions, check, levelsOf, type Report } from '@chaosproxy/checker'
import { type History, type Millis, millis, millisToNanos, nanos } from '@chaosproxy/history'
import type { Setting, Settings, SettingValue } from '@chaosproxy/workloads'
import { type DrivenRun, type DriveOptions, drive, heal, type RunHandle, runOptionsOf } from './drive.ts'
import { judgeRun } from './judge/judge.ts'
import { type PlannedRun, requestedFaults } from './plan/plan-run.ts'
import type { HistorySink } from './ports/cluster.ts'
import type { RunStore } from './ports/run-options.ts'
import type { RunOutcome } from './ports/run-outcome.ts'
import type { StartedCluster } from './ports/target.ts'
import { readLast } from './read-last.ts'
import { recorded } from './record.ts'
import type { ProbeAnswer } from './result/requirements/probe.ts'
import type { RunSummary } from './result/run-summary.ts'
import type { RunListener } from './run-event.ts'
import { type OpenLoad, type StartingOptions, startTarget, unlessInterrupted } from './start.ts'

/**
 * A planned run, to its verdict: performs it, asks the required probes, judges the record, and reports. Undefined if
 * interrupted before there was anything to record.
 *
 * @throws UserError (environment) if the target does not start, breaks, or its record cannot be written. Whatever was
 * recorded by then is in the store.
 */
export async function runPlanned(run: PlannedRun, options: RunPlannedOptions): Promise<JudgedRun | undefined> {
  const { store, version, listener, interrupted, ask, perform = performRun } = options
  const { dataDir, logDir } = store
  listener?.({ type: 'starting', spec: run.spec })
  try {
    let answers: Answers
    const settled = async (placeholders: Placeholders): Promise<void> => {
      answers = await ask?.(run.spec.require ?? [], placeholders)
    }
    const outcome = await recorded(run, store, (recording) =>
      perform(run, { ...recording, dataDir, logDir, version, settled, listener, interrupted }),
    )
    if (outcome === undefined) return undefined
    // A run on another thread has ended its target by now.
    if (answers === undefined) await settled({})
    const judged = await judge(run, outcome, options, answers)
    const { report, ...summary } = judged.summary
    listener?.({ type: 'judged', headline: judged.report.headline, summary })
    return judged
  } catch (error) {
    listener?.({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    throw error
  }
}

/** Starts the target, drives clients and nemesis, heals, reads a last time, and stops the target. Undefined as above. */
export async function performRun(run: PlannedRun, options: PerformOptions): Promise<RunOutcome | undefined> {
  const { listener, interrupted, begun, settled } = options
  const cluster = await startTarget(run, options)
  if (cluster === undefined) return undefined
  let load: OpenLoad | undefined
  try {
    listener?.({ type: 'ready', readyMs: cluster.readyMs, leader: cluster.leader() })
    load = await unlessInterrupted(interrupted, async () => options.load?.(cluster, run, interrupted))
    if (options.load !== undefined && load === undefined) return undefined
    begun?.()
    const startedAt = cluster.clock.now()
    const outcome = await driven(cluster, run, { ...options, load })
    const { recall } = cluster
    const concluded = cluster.observed?.concluded(outcome.faults)
    await settled?.(cluster.placeholders?.() ?? {})
    return {
      ...outcome,
      trouble: [...outcome.trouble, ...(load?.trouble() ?? []), ...cluster.trouble(), ...(concluded?.trouble ?? [])],
      ...(concluded === undefined ? {} : { doubts: [...(outcome.doubts ?? []), ...concluded.doubts] }),
      notes: await cluster.notes?.(),
      commands: cluster.commands?.(),
      ...(options.listening === undefined ? {} : { heard: cluster.heard?.() }),
      ...(recall && {
        recall: (listening, known) => recall({ listening, known, startedAt, faults: outcome.faults }),
      }),
    }
  } finally {
    listener?.({ type: 'ending' })
    await load?.close()
    await new Promise<void>((resolve) => cluster.stop(resolve))
  }
}

/** From the first operation to the last final read, in the time of the cluster's own clock. */
export function startRun(options: DriveOptions, ended: (outcome: RunOutcome) => void): RunHandle {
  // Callbacks, not promises: in virtual time nothing but the clock may decide what comes next.
  const driven: DrivenRun = drive(options, (why) => heal(driven, why, (healed) => readLast(healed, ended)))
  return driven.handle
}

export interface RunPlannedOptions {
  readonly store: RunStore
  /** This program's version, kept with the run. */
  readonly version: string
  /** ISO 8601. */
  readonly startedAt: string
  readonly now: () => Millis
  readonly listener?: RunListener | undefined
  /** Ends the run early but in good order; it is still judged. */
  readonly interrupted?: AbortSignal | undefined
  /** Asks the required probes once everything is healed and read; without it they are unknown. */
  readonly ask?: ((require: readonly string[], placeholders: Placeholders) => Promise<Answers>) | undefined
  /** Performs the run in another way than on this thread. */
  readonly perform?: ((run: PlannedRun, options: PerformOptions) => Promise<RunOutcome | undefined>) | undefined
}

type Answers = ReadonlyMap<string, ProbeAnswer> | undefined

/** What stands for the addresses of a cluster's servers in probes. */
interface Placeholders {
  readonly [name: string]: string
}

export interface PerformOptions extends StartingOptions {
  readonly sink: HistorySink
  /** Called once there is something to record. */
  readonly begun?: (() => void) | undefined
  /** Called once everything is healed and read; the target is stopped when it resolves. It does not reject. */
  readonly settled?: ((placeholders: Placeholders) => Promise<void>) | undefined
  readonly listener?: RunListener | undefined
  /** Called once the run is under way, with what steers it. */
  readonly steered?: ((handle: RunHandle) => void) | undefined
  /** Ends the run at once, because its record can no longer be kept. The signal's reason is thrown. */
  readonly abandoned?: AbortSignal | undefined
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

/** `startRun` on a cluster that may break, steered and reported. */
function driven(
  cluster: StartedCluster,
  run: PlannedRun,
  options: Omit<PerformOptions, 'load'> & Pick<DriveOptions, 'load'>,
): Promise<RunOutcome> {
  const { listener, interrupted, abandoned, steered, load } = options
  return new Promise<RunOutcome>((resolve, reject) => {
    abandoned?.throwIfAborted()
    abandoned?.addEventListener('abort', () => reject(abandoned.reason))
    const handle = startRun({ ...runOptionsOf(run, options), cluster, load }, resolve)
    const interrupt = () => handle.interrupt()
    if (interrupted?.aborted) interrupt()
    else interrupted?.addEventListener('abort', interrupt)
    if (listener !== undefined) reportStatus(cluster, handle, listener)
    cluster.onBroken(reject)
    steered?.(handle)
    cluster.begin()
  })
}

const STATUS_EVERY_MS = millis(100)

/** Uses the cluster's clock, so that a run in virtual time reports as often as a real one. */
function reportStatus({ clock }: StartedCluster, handle: RunHandle, listener: RunListener): void {
  const report = () => {
    const progress = handle.progress()
    listener({ type: 'status', progress })
    if (progress.stage !== 'ended') clock.at(nanos(clock.now() + millisToNanos(STATUS_EVERY_MS)), report)
  }
  report()
}

const CHECK_MEMORY_BYTES = 2_000_000_000

/** Reads the record back and judges it: what is judged is what is kept. */
async function judge(
  run: PlannedRun,
  outcome: RunOutcome,
  { store, now, listener, version, startedAt }: RunPlannedOptions,
  answers: Answers,
): Promise<JudgedRun> {
  const { spec, target, workload, schedule, expect } = run
  const history = await store.read()
  listener?.({ type: 'checking', operations: history.operations.length })
  const checkStarted = now()
  const checking: CheckOptions<string> = {
    model: workload.model,
    initial: workload.initial,
    levels: levelsOf(workload.model, history),
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
    ...{ version, spec, startedAt, schedule, history, workload, outcome, report, checkMs, expect, checking, answers },
    tier: target.tier,
    weakness: target.weakness?.(run.targetSettings, spec.nodes),
    stronger: strongerSettings(run),
    requestedFaults: requestedFaults(run),
    marks: target.marks,
    backend: backend && (check(backend, checking) as Report),
  })
  return { history, report, summary, commands: outcome.commands, recall: outcome.recall }
}

/** The fewest other settings, at most two, that give up nothing; defaults before others. Undefined if none are known. */
function strongerSettings({ target, targetSettings, spec: { nodes } }: PlannedRun): Settings | undefined {
  if (target.weakness?.(targetSettings, nodes) === undefined) return undefined
  const isStrong = (change: Settings): boolean => {
    const settings = { ...targetSettings, ...change }
    if (target.weakness?.(settings, nodes) !== undefined) return false
    try {
      target.validate?.(settings, undefined, nodes)
      return true
    } catch {
      return false
    }
  }
  const isOther = ([name, value]: readonly [string, SettingValue]): boolean => targetSettings[name] !== value
  const defaults = target.settings.map((each) => [each.name, each.default] as const).filter(isOther)
  const others = target.settings.flatMap((each) => valuesOf(each).map((value) => [each.name, value] as const))
  return [...changesOf(defaults), ...changesOf(others.filter(isOther))].find(isStrong)
}

/** Each alone, then each two of different names. */
const changesOf = (changes: readonly (readonly [string, SettingValue])[]): readonly Settings[] => [
  ...changes.map((change) => Object.fromEntries([change])),
  ...changes.flatMap((one, i) =>
    changes.slice(i + 1).flatMap((other) => (other[0] === one[0] ? [] : [Object.fromEntries([one, other])])),
  ),
]

/** Words say more than numbers: `majority` before 2. */
const valuesOf = ({ default: usual, values = [] }: Setting): readonly SettingValue[] =>
  typeof usual === 'boolean'
    ? [true, false]
    : values.toSorted((a, b) => Number(typeof a === 'number') - Number(typeof b === 'number'))
