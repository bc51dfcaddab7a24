import { plural } from '@chaosproxy/report'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { makeOutDirectory } from '../run/directory.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { packageVersion } from '../version.ts'
import { followUp } from './follow-up.ts'
import { doubtsOf, jsonOf, pageOf, subjectText } from './outcome.ts'
import { createPool } from './pool.ts'
import { resultsOf } from './results.ts'
import { searchInParallel } from './search.ts'
import type { FuzzSettings } from './settings.ts'

const INTERRUPTED = 'Interrupted: what was found until now is cut down and shown. Once more to end at once.'

/** Searches on all threads, shrinks one failure of each cause, writes and shows the results. */
export async function executeFuzz(settings: FuzzSettings): Promise<ExitCode> {
  makeOutDirectory(settings.out)
  const progress = createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts(INTERRUPTED)
  const pool = createPool(settings.workers)
  try {
    if (!settings.json) print(process.stderr, `\n  ${titleOf(settings)}\n\n`)
    const outcome = await searchInParallel(pool, settings, {
      progress: (trials, causes) => progress.update(progressText(trials, causes)),
      interrupted: interrupts.interrupted,
    })
    const followed = interrupts.interrupted() ? outcome : await followUp(pool, settings, outcome, progress, interrupts)
    progress.update('cutting down what was found')
    const results = await resultsOf(pool, settings, followed)
    progress.stop()
    if (settings.json) print(process.stdout, `${JSON.stringify(jsonOf(settings, outcome, results))}\n`)
    else print(process.stdout, pageOf(settings, outcome, results))
    if (results.some(({ finding }) => finding.failure.kind !== 'broken')) return EXIT.violated
    if (results.length > 0) return EXIT.environment
    if (interrupts.interrupted()) return EXIT.interrupted
    return doubtsOf(outcome).length > 0 ? EXIT.unknown : EXIT.met
  } finally {
    progress.stop()
    interrupts.release()
    await pool.destroy()
  }
}

const progressText = (trials: number, causes: number): string =>
  `${plural(trials, 'trial')}, ${causes === 0 ? 'nothing found yet' : `${causes} found`}`

function titleOf(settings: FuzzSettings): string {
  const { subject, strategies, workers, firstSeed, limit } = settings
  const length = 'seeds' in limit ? plural(limit.seeds, 'seed') : `${limit.timeMs / 1000} s`
  return [
    `chaos ${packageVersion()}   searching ${subjectText(settings)}`,
    `held to ${subject.level}`,
    `${length} from seed ${firstSeed}`,
    plural(workers, 'thread'),
    `strategies: ${strategies.join(', ')}`,
  ].join(' · ')
}
