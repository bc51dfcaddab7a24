import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { nameOfChoice } from '@chaosproxy/faults'
import { type Json, millis } from '@chaosproxy/history'
import { plural, renderHtml, renderRun, toJson } from '@chaosproxy/report'
import { type JudgedRun, judgeExpectation, type PlannedRun, type RunListener, runPlanned } from '@chaosproxy/runner'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor, terminalOptions } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'
import { againCommand } from './again.ts'
import { performerFor } from './apart.ts'
import { createRunDirectory, type RunDirectory, storeIn, writeResult } from './directory.ts'
import { type EventFile, openEventFile } from './event-file.ts'
import { type Interrupts, listenForInterrupts } from './interrupts.ts'
import type { RunSettings } from './settings.ts'
import { showProgress } from './show-progress.ts'
import { tooShortText } from './too-short.ts'
import { verified } from './verified.ts'

/** Performs the run, shows the result, and writes it next to the history. */
export async function executeRun(settings: RunSettings): Promise<ExitCode> {
  const { run, json } = settings
  const startedAt = new Date()
  const events = settings.events === undefined ? undefined : openEventFile(settings.events)
  const directory = createRunDirectory(settings.out, run.target.name, startedAt)
  // Progress lines would overwrite what a command prints.
  const progress = createProgress({ quiet: json || settings.special !== undefined })
  const interrupts = listenForInterrupts()
  try {
    if (!json) print(process.stderr, `\n  ${settings.special?.title ?? titleOf(run)}\n\n`)
    const tooShort = settings.special === undefined ? tooShortText(run) : undefined
    if (tooShort !== undefined) progress.warn(tooShort)
    const show = showProgress(progress, run.target.tier === 'simulated')
    const judged = await have(settings, {
      directory,
      startedAt,
      interrupts,
      listener: listening(show, events, interrupts),
    })
    if (judged === undefined) {
      rmSync(directory.path, { recursive: true, force: true })
      print(process.stderr, '  Nothing was recorded yet, and nothing is left behind.\n')
      return EXIT.interrupted
    }
    const exitCode = exitCodeOf(judged, interrupts)
    progress.stop()
    // Show the result before writing it: the disk may be full by now.
    if (json) print(process.stdout, `${JSON.stringify(resultOf(judged, directory))}\n`)
    else showPage(settings, judged, directory, exitCode)
    writeResults(settings, judged, directory, exitCode)
    const untold = events?.close()
    if (untold !== undefined) throw untold
    return exitCode
  } finally {
    events?.close()
    progress.stop()
    interrupts.release()
  }
}

interface Having {
  readonly directory: RunDirectory
  readonly startedAt: Date
  readonly interrupts: Interrupts
  readonly listener: RunListener
}

async function have(
  { run, verifyDeterminism, special }: RunSettings,
  { directory, startedAt, interrupts, listener }: Having,
): Promise<JudgedRun | undefined> {
  const store = storeIn(directory, run.target.tier)
  const interrupting = new AbortController()
  interrupts.onInterrupt(() => interrupting.abort())
  const performer = special?.performer ?? (await performerFor(run, interrupts))
  const { perform, end } = verifyDeterminism ? verified(performer) : performer
  try {
    return await runPlanned(run, {
      store,
      version: packageVersion(),
      startedAt: startedAt.toISOString(),
      now: () => millis(performance.now()),
      listener,
      interrupted: interrupting.signal,
      perform,
    })
  } finally {
    await end()
    rmSync(store.dataDir, { recursive: true, force: true })
  }
}

/**
 * Once checking begins, an interrupt ends the process at once: the record is complete, and the checker does not
 * listen.
 */
const listening =
  (show: RunListener, events: EventFile | undefined, interrupts: Interrupts): RunListener =>
  (event) => {
    show(event)
    events?.listener(event)
    if (event.type === 'checking') interrupts.release()
  }

function titleOf({ spec, target, workload, expect }: PlannedRun): string {
  const { bug } = spec.target
  const faults = spec.faults.length === 0 ? 'no faults' : `faults: ${spec.faults.map(nameOfChoice).join(', ')}`
  return [
    `chaos ${packageVersion()}   ${target.name}${bug === undefined ? '' : ` with the mistake ${bug}`}`,
    `workload ${workload.name}`,
    plural(spec.nodes, 'node'),
    plural(spec.clients, 'client'),
    `${spec.timeMs / 1000} s${target.tier === 'simulated' ? ' simulated' : ''}`,
    faults,
    `held to ${expect === undefined ? 'nothing' : expect.level}`,
    `seed ${spec.seed}`,
  ].join(' · ')
}

/** A run without an expectation succeeds if it could be judged, whatever was found, unless it proves nothing. */
function exitCodeOf({ summary, report }: JudgedRun, interrupts: Interrupts): ExitCode {
  const { expectation, vacuous, trouble } = summary
  if (interrupts.interrupted()) return EXIT.interrupted
  if (expectation?.met === false) return EXIT.violated
  if (trouble.length > 0) return EXIT.environment
  const { met } = expectation ?? judgeExpectation(report, Object.keys(report.levels)[0] ?? '', vacuous)
  return met === 'unknown' ? EXIT.unknown : EXIT.met
}

const resultOf = ({ summary, report, history }: JudgedRun, directory: RunDirectory): Json =>
  toJson({ report, history, run: summary, directory: directory.path, checkMs: summary.timing.checkMs })

function showPage(
  settings: RunSettings,
  { summary, history }: JudgedRun,
  directory: RunDirectory,
  exitCode: ExitCode,
): void {
  const page = renderRun(summary, history, styleFor(process.stdout), {
    ...terminalOptions(process.stdout),
    historyFile: directory.history,
    reportFile: directory.report,
    again: againOf(settings, directory),
    exitCode,
  })
  print(process.stdout, page)
}

const againOf = ({ run, special }: RunSettings, directory: RunDirectory): string =>
  special?.again ?? againCommand(run, directory.runJson)

/** Writes `run.json` and `report.html` next to the history. */
function writeResults(settings: RunSettings, judged: JudgedRun, directory: RunDirectory, exitCode: ExitCode): void {
  const { run } = settings
  const { history, report, summary } = judged
  // Keep the verdicts in the form of --json, since a witness can be as long as the history.
  const { report: _, ...record } = summary
  const result = resultOf(judged, directory)
  writeResult(directory.runJson, `${JSON.stringify({ ...record, result }, undefined, 2)}\n`)
  const page = renderHtml({
    title: `${run.target.name}, ${plural(run.spec.nodes, 'node')}`,
    version: packageVersion(),
    history,
    historyFile: basename(directory.history),
    report,
    run: summary,
    again: againOf(settings, directory),
    exitCode,
  })
  writeResult(directory.report, page)
}
