import {
  carryOut,
  commandLine,
  createRunDirectory,
  EXIT,
  type ExitCode,
  type FinishedRun,
  firstOf,
  packageVersion,
  partOf,
  proved,
  runSubjectOf,
  writeResults,
  writeRunsPage,
} from '@chaosproxy/engine/run'
import { nameOfChoice } from '@chaosproxy/faults'
import { plural } from '@chaosproxy/history'
import { printable, whyUnproved } from '@chaosproxy/report'
import { type PlannedRun, type RunListener, violationText } from '@chaosproxy/runner'
import { modelNameOf } from '../arguments/workload.ts'
import type { MetricsServer } from '../metrics/serve.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { createReporting } from '../reporting/reporting.ts'
import type { Telemetry } from '../telemetry/telemetry.ts'
import { fitted, printTitle } from '../terminal/fitted.ts'
import { printNotice } from '../terminal/output.ts'
import { requestedWidth, stdoutScreen } from '../terminal/page-width.ts'
import { createProgress } from '../terminal/progress.ts'
import { againCommand } from './again.ts'
import { type EventFile, openEventFile } from './event-file.ts'
import { type Interrupts, listenForInterrupts } from './interrupts.ts'
import type { LivePage } from './live-page.ts'
import { showProgress } from './show-progress.ts'
import { tooShortText } from './too-short.ts'
import type { RunSettings } from './use.ts'
import { noteDetails } from './verbose-notes.ts'

/** Performs the run, with its live page if requested. */
export async function execute(settings: RunSettings): Promise<ExitCode> {
  if (settings.ui === undefined) return performAll(settings)
  const { withLivePage } = await import('./live-page.ts')
  return withLivePage(settings, (page) => performAll(settings, page))
}

async function performAll(settings: RunSettings, page?: LivePage): Promise<ExitCode> {
  const { reporters, repeats = [] } = settings
  const own = await loadOwnReporters(reporters)
  const followers = await openFollowers(settings)
  const screen = stdoutScreen()
  const reporting = createReporting(reporters, screen, own)
  const done: FinishedRun[] = []
  try {
    for (const run of [settings.run, ...repeats]) {
      const performed = await performOne({ ...settings, run }, followers, page)
      const finished = performed && settings.prove !== undefined ? await proved(performed, settings.prove) : performed
      if (finished === undefined && done.length === 0) return EXIT.interrupted
      if (finished === undefined) break
      const last = done.at(-1)
      if (last !== undefined) writeResults(last)
      done.push(finished)
      reporting.add(await partOf(runSubjectOf(finished, repeats.length === 0), { reporters, screen }))
      if (finished.exitCode === EXIT.interrupted) break
    }
    // Shows the result first, because the disk may be full.
    const exitCode = await reporting.finish(exitCodeOfAll(done, 1 + repeats.length))
    const last = done.at(-1)
    const unproved = settings.prove && last?.proof && whyUnproved(settings.prove, last.proof)
    if (unproved !== undefined) printNotice(`${printable(unproved)}\n`)
    if (last !== undefined) {
      writeResults(last)
      writeRunsPage(settings.out)
      page?.finished(last)
    }
    followers.finish()
    return exitCode
  } finally {
    await followers.close(isSilent(reporters))
  }
}

/** Returns the most severe exit code of all runs. A violation is the most severe. */
function exitCodeOfAll(done: readonly FinishedRun[], wanted: number): ExitCode {
  const codes = done.map(({ exitCode }) => exitCode)
  if (wanted === 1) return codes[0] ?? EXIT.interrupted
  const order: readonly ExitCode[] = [EXIT.violated, EXIT.environment, EXIT.interrupted, EXIT.unknown]
  const worst = order.find((code) => codes.includes(code))
  return worst ?? (done.length < wanted ? EXIT.interrupted : EXIT.met)
}

async function performOne(
  settings: RunSettings,
  followers: Followers,
  page: LivePage | undefined,
): Promise<FinishedRun | undefined> {
  const { run, reporters } = settings
  const isQuiet = isSilent(reporters)
  const isRecording = run.target.clients === 'observed'
  const startedAt = new Date()
  // Progress lines would overwrite the output of a command.
  const progress = await createProgress({
    quiet: isQuiet || isRecording,
    verbose: settings.verbose,
  })
  const interrupts = settings.interrupts ?? listenForInterrupts()
  try {
    const { load } = settings
    // Connects before creating a directory, because the connection may fail.
    const loading = load && (await (await import('./load-from-queue.ts')).loadFromQueue(load, progress))
    const directory = createRunDirectory(settings.out, run.target.name, startedAt)
    if (!isQuiet) printTitle(titleOf(run))
    const tooShort = isRecording ? undefined : tooShortText(run)
    if (tooShort !== undefined && !isQuiet) progress.warn(tooShort)
    const more = noteDetails(progress, run, directory.path)
    const show = showProgress(progress, run.target.tier === 'simulated')
    const announcing = settings.announces === false || isQuiet || run.target.tier === 'simulated' ? () => {} : announce
    const again = settings.again ?? againCommand(run, directory.runJson, settings.config, settings.load)
    const followed = page?.follow({ run, historyFile: directory.history, again })
    const finished = await carryOut(run, {
      ...loading,
      directory,
      startedAt,
      interrupted: followed === undefined ? interrupts.signal : firstOf(interrupts.signal, followed.stopped).signal,
      listener: listening(
        [show, more, announcing, ...(followed === undefined ? [] : [followed.listener]), ...followers.of(run)],
        interrupts,
      ),
      steered: followed?.steered,
      twice: settings.twice,
      baseline: settings.baseline,
      again,
    })
    if (finished === undefined) {
      printNotice('  Nothing was recorded yet, and nothing is left behind.\n')
      return undefined
    }
    // A recording without a command normally ends by an interrupt, so it keeps its exit code. Any other interrupted run
    // gets the exit code for interrupts.
    return interrupts.signal.aborted &&
      !(run.target.clients === 'observed' && (run.spec.target.traffic?.command ?? []).length === 0)
      ? { ...finished, exitCode: EXIT.interrupted }
      : finished
  } finally {
    progress.stop()
    interrupts.release()
  }
}

/** Prints a violation immediately; the report shows it again at the end. */
const announce: RunListener = (event) => {
  if (event.type === 'violation') {
    const text = fitted(`  ${printable(violationText(event.violation))}`, requestedWidth(process.stderr))
    printNotice(`\n${text}\n`)
  }
}

/** During checking, an interrupt ends the process: the record is complete, and the checker handles no signals. */
const listening =
  (listeners: readonly RunListener[], interrupts: Interrupts): RunListener =>
  (event) => {
    for (const listener of listeners) listener(event)
    if (event.type === 'checking') interrupts.release()
  }

function titleOf({ spec, target, workload, expect }: PlannedRun): string {
  const { bug, traffic } = spec.target
  const faults = spec.faults.length === 0 ? 'no faults' : `faults: ${spec.faults.map(nameOfChoice).join(', ')}`
  const what =
    traffic === undefined
      ? [
          `${target.name}${bug === undefined ? '' : ` with the bug ${bug}`}`,
          `workload ${workload.name}`,
          plural(spec.nodes, 'node'),
          plural(spec.clients, 'client'),
          `${spec.timeMs / 1000} s${target.tier === 'simulated' ? ' simulated' : ''}`,
        ]
      : [
          traffic.command === undefined ? 'whoever comes' : commandLine(traffic.command),
          plural(traffic.servers.length, 'server'),
          `as ${modelNameOf(workload)}`,
        ]
  return [
    `chaos ${packageVersion()}   ${what.join(' · ')}`,
    faults,
    expect === undefined ? 'nothing expected' : `held to ${expect.level}`,
    `seed ${spec.seed}`,
  ].join(' · ')
}

interface Followers {
  of(run: PlannedRun): readonly RunListener[]
  /** @throws UserError (environment) if the file of events is incomplete. */
  finish(): void
  /** Closes the recipients. */
  close(isQuiet: boolean): Promise<void>
}

/**
 * Opens the requested recipients of a run's events: the file of events, telemetry, and metrics. Loads only the code
 * that these need.
 *
 * @throws UserError (environment) if a recipient cannot be opened.
 */
async function openFollowers(settings: Pick<RunSettings, 'events' | 'telemetry' | 'metrics'>): Promise<Followers> {
  const metrics = settings.metrics === undefined ? undefined : await opened(settings.metrics)
  let telemetry: Telemetry | undefined
  let events: EventFile | undefined
  try {
    if (settings.telemetry !== undefined)
      telemetry = await (await import('../telemetry/telemetry.ts')).openTelemetry(settings.telemetry)
    events = settings.events === undefined ? undefined : openEventFile(settings.events)
  } catch (error) {
    await metrics?.close()
    throw error
  }
  return {
    of: (run) => [
      ...(events === undefined ? [] : [events.listener]),
      ...[telemetry, metrics].flatMap((follower) => (follower === undefined ? [] : [follower.follow(run)])),
    ],
    finish() {
      const failure = events?.close()
      if (failure !== undefined) throw failure
    },
    async close(isQuiet) {
      events?.close()
      await metrics?.close()
      const summary = await telemetry?.close()
      if (summary !== undefined && !isQuiet) printNotice(`  ${printable(summary)}\n`)
    },
  }
}

async function opened(listen: string): Promise<MetricsServer> {
  const server = await (await import('../metrics/serve.ts')).serveMetrics(listen)
  printNotice(`  Metrics for Prometheus: ${server.url}\n`)
  return server
}
