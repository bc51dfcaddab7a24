import { plural } from '@chaosproxy/report'
import { causeOf, NO_LEVEL } from '@chaosproxy/simulator'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { isSilent } from '../reporting/choice.ts'
import { loadOwnReporters } from '../reporting/own.ts'
import { partOf, stdoutScreen } from '../reporting/part.ts'
import { createReporting } from '../reporting/reporting.ts'
import { makeOutDirectory } from '../run/directory.ts'
import { afterInterrupt, GRACE_MS, listenForInterrupts } from '../run/interrupts.ts'
import { createProgress, type ProgressDisplay } from '../terminal/progress.ts'
import { printTitle } from '../terminal/title.ts'
import { packageVersion } from '../version.ts'
import { followUp } from './follow-up.ts'
import { doubtsOf, subjectOf, subjectText, takenText } from './outcome.ts'
import { createPool } from './pool.ts'
import { createFlag, raise } from './pulse.ts'
import { type Result, resultsOf } from './results.ts'
import { type SearchOutcome, searchInParallel } from './search.ts'
import type { FuzzSettings } from './settings.ts'

const INTERRUPTED = 'Interrupted: what was found until now is cut down and shown. Once more to end at once.'

/** Searches on all threads, shrinks one failure of each cause, writes and shows the results. */
export async function executeFuzz(settings: FuzzSettings): Promise<ExitCode> {
  makeOutDirectory(settings.out)
  const own = await loadOwnReporters(settings.reporters)
  const progress = await createProgress({ quiet: isSilent(settings.reporters), verbose: settings.verbose })
  const interrupts = listenForInterrupts(INTERRUPTED)
  const pool = createPool(settings.workers)
  const stop = createFlag()
  interrupts.onInterrupt(() => raise(stop))
  try {
    if (!isSilent(settings.reporters)) printTitle(titleOf(settings))
    const outcome = await searchInParallel(pool, settings, {
      progress: (trials, causes) => progress.update(progressText(trials, causes)),
      interrupted: interrupts.interrupted,
      abandon: afterInterrupt(interrupts, GRACE_MS),
      stop,
    })
    const followed = interrupts.interrupted() ? outcome : await followUp(pool, settings, outcome, progress, interrupts)
    tellMore(progress, followed)
    progress.update('cutting down what was found')
    const results = await resultsOf(pool, settings, followed, interrupts)
    for (const { files } of results)
      if (files !== undefined) progress.note(`written: ${files.replay}, ${files.history}`)
    progress.stop()
    const exitCode = exitCodeOf(outcome, results, interrupts.interrupted())
    const screen = stdoutScreen()
    const reporting = createReporting(settings.reporters, screen, own)
    reporting.add(partOf(subjectOf(settings, outcome, results, exitCode), settings.reporters, screen))
    return reporting.finish(exitCode)
  } finally {
    progress.stop()
    interrupts.release()
    await pool.destroy()
  }
}

function tellMore({ note }: ProgressDisplay, { trials, steps, tried, findings }: SearchOutcome): void {
  note(`${plural(trials, 'trial')} of ${plural(steps, 'step')} altogether`)
  for (const [strategy, { trials: some, found }] of Object.entries(tried))
    note(`${strategy}: ${plural(some, 'trial')}, ${found} found`)
  for (const { seed, strategy, failure } of findings) note(`seed ${seed}, ${strategy}: ${causeOf(failure)}`)
}

function exitCodeOf(outcome: SearchOutcome, results: readonly Result[], interrupted: boolean): ExitCode {
  if (results.some(({ finding }) => finding.failure.kind !== 'broken')) return EXIT.violated
  if (results.length > 0) return EXIT.environment
  if (interrupted) return EXIT.interrupted
  return doubtsOf(outcome).length > 0 ? EXIT.unknown : EXIT.met
}

const progressText = (trials: number, causes: number): string =>
  `${plural(trials, 'trial')} so far, ${causes === 0 ? 'nothing found yet' : `${causes} found`}`

function titleOf(settings: FuzzSettings): string {
  const { subject, strategies, workers, firstSeed, limit } = settings
  const length = 'seeds' in limit ? plural(limit.seeds, 'seed') : `${limit.timeMs / 1000} s`
  const taken = takenText(settings)
  return [
    `chaos ${packageVersion()}   searching ${subjectText(settings)}`,
    ...(taken === '' ? [] : [taken]),
    `held to ${subject.level === NO_LEVEL ? 'its invariants alone' : subject.level}`,
    `${length} from seed ${firstSeed}`,
    plural(workers, 'thread'),
    `strategies: ${[...new Set(strategies)].join(', ')}`,
  ].join(' · ')
}
