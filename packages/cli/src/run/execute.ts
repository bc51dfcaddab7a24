import { rmSync } from 'node:fs'
import { nameOfChoice } from '@chaosproxy/faults'
import { plural } from '@chaosproxy/report'
import type { PlannedRun, RunListener } from '@chaosproxy/runner'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { isForPrograms } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { partOf, stdoutScreen } from '../reporting/part.ts'
import { createReporting } from '../reporting/reporting.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { packageVersion } from '../version.ts'
import { againCommand } from './again.ts'
import { carryOut } from './carry-out.ts'
import { createRunDirectory } from './directory.ts'
import { type EventFile, openEventFile } from './event-file.ts'
import { heldTo } from './held-to.ts'
import { type Interrupts, listenForInterrupts } from './interrupts.ts'
import { exitCodeOf, subjectOf, writeResults } from './results.ts'
import type { RunSettings } from './settings.ts'
import { showProgress } from './show-progress.ts'
import { tooShortText } from './too-short.ts'

/** Performs the run, shows the result, and writes it next to the history. */
export async function executeRun(settings: RunSettings): Promise<ExitCode> {
  const { run, reporters } = settings
  const isQuiet = isForPrograms(reporters)
  const own = await loadOwnReporters(reporters)
  const startedAt = new Date()
  const events = settings.events === undefined ? undefined : openEventFile(settings.events)
  const directory = createRunDirectory(settings.out, run.target.name, startedAt)
  // Progress lines would overwrite what a command prints.
  const progress = createProgress({ quiet: isQuiet || settings.special !== undefined })
  const interrupts = listenForInterrupts()
  try {
    if (!isQuiet) print(process.stderr, `\n  ${settings.special?.title ?? titleOf(run)}\n\n`)
    const tooShort = settings.special === undefined ? tooShortText(run) : undefined
    if (tooShort !== undefined) progress.warn(tooShort)
    const show = showProgress(progress, run.target.tier === 'simulated')
    const interrupting = new AbortController()
    interrupts.onInterrupt(() => interrupting.abort())
    const outcome = await carryOut(run, {
      directory,
      startedAt,
      interrupted: interrupting.signal,
      listener: listening(show, events, interrupts),
      twice: settings.verifyDeterminism,
      performer: settings.special?.performer,
    })
    if (outcome === undefined) {
      rmSync(directory.path, { recursive: true, force: true })
      print(process.stderr, '  Nothing was recorded yet, and nothing is left behind.\n')
      return EXIT.interrupted
    }
    const judged = heldTo(settings.baseline, outcome)
    const exitCode = interrupts.interrupted() ? EXIT.interrupted : exitCodeOf(judged)
    progress.stop()
    const again = settings.special?.again ?? againCommand(run, directory.runJson, settings.config)
    const finished = { run, judged, directory, again, exitCode }
    // Show the result before writing it: the disk may be full by now.
    const screen = stdoutScreen()
    const reporting = createReporting(reporters, screen, own)
    reporting.add(partOf(subjectOf(finished), reporters, screen))
    const exitCodeWritten = reporting.finish(exitCode)
    writeResults(finished)
    const untold = events?.close()
    if (untold !== undefined) throw untold
    return exitCodeWritten
  } finally {
    events?.close()
    progress.stop()
    interrupts.release()
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
