import { type CompareEvent, compareSystems } from '@chaosproxy/engine'
import { EXIT, type ExitCode, packageVersion } from '@chaosproxy/engine/run'
import { type Comparison, renderComparisonHtml } from '@chaosproxy/report'
import { showQueue } from '../arguments/queue.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { reportOne } from '../reporting/reporting.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { writeNamed } from '../terminal/overwriting.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { againCommand, type CompareSettings } from './use.ts'

export async function execute(settings: CompareSettings): Promise<ExitCode> {
  const { reporters, html } = settings
  const own = await loadOwnReporters(reporters)
  const startedAt = performance.now()
  const progress = await createProgress({ quiet: isSilent(reporters) })
  const interrupts = listenForInterrupts('Interrupted: no further runs begin. Those that have begun are compared.')
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
    if (html !== undefined) writeNamed(html, renderComparisonHtml(comparison, packageVersion()), `--html ${html}`)
    const exitCode = comparison.interrupted ? EXIT.interrupted : exitCodeOf(comparison)
    const elapsedMs = performance.now() - startedAt
    return await reportOne({ kind: 'comparison', comparison, elapsedMs, exitCode }, reporters, own)
  } finally {
    progress.stop()
    interrupts.release()
  }
}

function show(event: CompareEvent, progress: ProgressDisplay): void {
  switch (event.type) {
    case 'running':
      progress.update(`run ${event.run} of ${event.runs}: ${event.system} under ${event.condition}`)
      break
    case 'trouble':
      progress.warn(`${event.system} under ${event.condition}: ${event.trouble}`)
      break
    default:
      showQueue(event, progress)
  }
}

/** The exit code: only a broken promise makes a comparison fail. */
function exitCodeOf({ systems }: Comparison): ExitCode {
  const kept = systems.flatMap(({ cells }) => cells.map((cell) => cell.kept))
  if (kept.includes(false)) return EXIT.violated
  return kept.includes('unknown') ? EXIT.unknown : EXIT.met
}
