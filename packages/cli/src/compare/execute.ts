import { type CompareEvent, compareSystems } from '@chaosproxy/engine'
import { EXIT, type ExitCode, packageVersion, partOf, writeWholeFile } from '@chaosproxy/engine/run'
import { environmentError } from '@chaosproxy/history'
import { whyUnwritable } from '@chaosproxy/history/files'
import { type Comparison, renderComparisonHtml } from '@chaosproxy/report'
import { againText, waitingText } from '../arguments/queue.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { createReporting } from '../reporting/reporting.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { stdoutScreen } from '../terminal/page-width.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { againCommand, type CompareSettings } from './use.ts'

export async function execute(settings: CompareSettings): Promise<ExitCode> {
  const own = await loadOwnReporters(settings.reporters)
  const startedAt = performance.now()
  const progress = await createProgress({ quiet: isSilent(settings.reporters) })
  const interrupts = listenForInterrupts('Interrupted: no further runs are begun, and those that were are compared.')
  try {
    const compared = await compareSystems(settings.plan, {
      signal: interrupts.signal,
      queue: settings.queue,
      priority: settings.priority,
      listener: (event) => show(event, progress),
      again: (run) => againCommand(settings, run),
    })
    progress.stop()
    const comparison = { ...compared, again: settings.again }
    if (comparison.systems.length === 0) {
      progress.warn(`The comparison was interrupted before any system was measured. Run it again: ${settings.again}`)
      return EXIT.interrupted
    }
    if (settings.html !== undefined) writePage(settings.html, comparison)
    const exitCode = comparison.interrupted ? EXIT.interrupted : exitCodeOf(comparison)
    const elapsedMs = performance.now() - startedAt
    const screen = stdoutScreen()
    const reporting = createReporting(settings.reporters, screen, own)
    const told = { kind: 'comparison', comparison, elapsedMs, exitCode } as const
    reporting.add(await partOf(told, { reporters: settings.reporters, screen }))
    return await reporting.finish(exitCode)
  } finally {
    progress.stop()
    interrupts.release()
  }
}

function show(event: CompareEvent, progress: ProgressDisplay): void {
  switch (event.type) {
    case 'alone':
    case 'unreachable':
      progress.update(waitingText(event))
      break
    case 'lost':
    case 'damaged':
      progress.warn(againText(event))
      break
    case 'running':
      progress.update(`run ${event.run} of ${event.runs}: ${event.system} under ${event.condition}`)
      break
    case 'trouble':
      progress.warn(`${event.system} under ${event.condition}: ${event.trouble}`)
      break
  }
}

function writePage(file: string, comparison: Comparison): void {
  try {
    writeWholeFile(file, renderComparisonHtml(comparison, packageVersion()))
  } catch (error) {
    throw environmentError(`--html ${file}: ${whyUnwritable(error)}`)
  }
}

/** The exit code: only a broken promise makes a comparison fail. */
function exitCodeOf({ systems }: Comparison): ExitCode {
  const kept = systems.flatMap(({ cells }) => cells.map((cell) => cell.kept))
  if (kept.includes(false)) return EXIT.violated
  return kept.includes('unknown') ? EXIT.unknown : EXIT.met
}
