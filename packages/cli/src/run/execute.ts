import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { check, levels, type Report } from '@chaos/checker'
import { type History, type Json, millis } from '@chaos/history'
import { readHistory } from '@chaos/history/files'
import { plural, type RunSummary, renderHtml, renderRun, toJson } from '@chaos/report'
import { judgeExpectation, judgeRun, type RunOutcome } from '@chaos/runner'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor, terminalOptions } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'
import type { RunContext } from './context.ts'
import { createRunDirectory, type RunDirectory, writeResult } from './directory.ts'
import { type Interrupts, listenForInterrupts } from './interrupts.ts'
import { againCommand, configOf, planFor } from './plan.ts'
import { runForReal } from './real-run.ts'
import type { RunSettings } from './settings.ts'
import { runSimulated } from './simulated-run.ts'
import { tooShortText } from './too-short.ts'

const CHECK_MEMORY_BYTES = 2_000_000_000

/** From settings to verdict: runs, checks, shows what was found, and writes it beside the history. */
export async function executeRun(settings: RunSettings): Promise<ExitCode> {
  const startedAt = new Date()
  const schedule = planFor(settings)
  const directory = createRunDirectory(settings.out, settings.protocol.name, startedAt)
  const progress = createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts()
  try {
    if (!settings.json) print(process.stderr, `\n  ${titleOf(settings)}\n\n`)
    const tooShort = tooShortText(settings, schedule)
    if (tooShort !== undefined) progress.warn(tooShort)
    const context = { settings, schedule, directory, progress, interrupts }
    const outcome = settings.simulated ? await runSimulated(context) : await runForReal(context)
    if (outcome === undefined) {
      rmSync(directory.path, { recursive: true, force: true })
      print(process.stderr, '  Nothing was recorded yet, and nothing is left behind.\n')
      return EXIT.interrupted
    }
    // The checker does not listen while it works, and the record is complete: from here on an interrupt ends all at once.
    interrupts.release()
    const judged = await judge(context, outcome, startedAt)
    const exitCode = exitCodeOf(judged, interrupts)
    progress.stop()
    // What was found is told first: a disk that is full by now keeps nobody from knowing it.
    if (settings.json) print(process.stdout, `${JSON.stringify(resultOf(judged, directory))}\n`)
    else showPage(settings, judged, directory, exitCode)
    writeResults(settings, judged, directory, exitCode)
    return exitCode
  } finally {
    progress.stop()
    interrupts.release()
  }
}

interface Judged {
  readonly history: History
  readonly report: Report
  readonly summary: RunSummary
}

/** Reads the record, checks it, and sums the run up. */
async function judge(context: RunContext, outcome: RunOutcome, startedAt: Date): Promise<Judged> {
  const { settings, schedule, directory, progress } = context
  const history = await readHistory(directory.history)
  progress.update(`checking ${plural(history.operations.length, 'operation')}`)
  const checkStarted = performance.now()
  const report = check(history, {
    model: 'register',
    initial: null,
    levels,
    failedCas: 'drop',
    staleness: true,
    deadlineMs: settings.checkTimeoutMs,
    memoryBytes: CHECK_MEMORY_BYTES,
    now: () => millis(performance.now()),
  })
  const summary = judgeRun({
    version: packageVersion(),
    config: configOf(settings),
    startedAt: startedAt.toISOString(),
    tier: settings.simulated ? 'simulated' : 'real',
    schedule,
    requestedFaults: settings.nemeses.map(({ kind }) => kind),
    history,
    outcome,
    marks: settings.protocol.marks === true,
    report,
    checkMs: millis(performance.now() - checkStarted),
    expect: settings.expect,
  })
  return { history, report, summary }
}

function titleOf({ protocol, bug, nodes, clients, timeMs, nemeses, seed, simulated, expect }: RunSettings): string {
  const faults = nemeses.length === 0 ? 'no faults' : `faults: ${nemeses.map(({ name }) => name).join(', ')}`
  return [
    `chaos ${packageVersion()}   ${protocol.name}${bug === undefined ? '' : ` with the mistake ${bug}`}`,
    plural(nodes, 'node'),
    plural(clients, 'client'),
    `${timeMs / 1000} s${simulated ? ' simulated' : ''}`,
    faults,
    `held to ${expect === undefined ? 'nothing' : expect.level}`,
    `seed ${seed}`,
  ].join(' · ')
}

/** A run that is held to nothing is a success where it could be judged, whatever it found; one that proves nothing is not. */
function exitCodeOf({ summary, report }: Judged, interrupts: Interrupts): ExitCode {
  const { expectation, vacuous, trouble } = summary
  if (interrupts.interrupted()) return EXIT.interrupted
  if (expectation?.met === false) return EXIT.violated
  if (trouble.length > 0) return EXIT.environment
  const { met } = expectation ?? judgeExpectation(report, 'linearizable', vacuous)
  return met === 'unknown' ? EXIT.unknown : EXIT.met
}

const resultOf = ({ summary, report, history }: Judged, directory: RunDirectory): Json =>
  toJson({ report, history, run: summary, directory: directory.path, checkMs: summary.timing.checkMs })

function showPage(
  settings: RunSettings,
  { summary, history }: Judged,
  directory: RunDirectory,
  exitCode: ExitCode,
): void {
  const page = renderRun(summary, history, styleFor(process.stdout), {
    ...terminalOptions(process.stdout),
    historyFile: directory.history,
    reportFile: directory.report,
    again: againCommand(settings),
    exitCode,
  })
  print(process.stdout, page)
}

/** `run.json` and `report.html`, beside the history. */
function writeResults(settings: RunSettings, judged: Judged, directory: RunDirectory, exitCode: ExitCode): void {
  const { history, report, summary } = judged
  // Verdicts as --json gives them: the witness of a long history is as long as the history.
  const { report: _, ...record } = summary
  const result = resultOf(judged, directory)
  writeResult(directory.runJson, `${JSON.stringify({ ...record, result }, undefined, 2)}\n`)
  const page = renderHtml({
    title: `${settings.protocol.name}, ${plural(settings.nodes, 'node')}`,
    version: packageVersion(),
    history,
    historyFile: basename(directory.history),
    report,
    run: summary,
    again: againCommand(settings),
    exitCode,
  })
  writeResult(directory.report, page)
}
