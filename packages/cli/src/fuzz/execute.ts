import { join } from 'node:path'
import { type Event, type Json, millis } from '@chaos/history'
import { openHistoryWriter } from '@chaos/history/files'
import { type FoundFailure, renderSearch, type Size } from '@chaos/report'
import type { Scenario } from '@chaos/runner'
import { causeOf, type Failure, type Finding, printReplay } from '@chaos/simulator'
import { Tinypool } from 'tinypool'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { createRunDirectory, writeResult } from '../run/directory.ts'
import { listenForInterrupts } from '../run/interrupts.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor, terminalOptions } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'
import { type SearchOutcome, searchInParallel } from './search.ts'
import type { FuzzSettings } from './settings.ts'
import { type Shown, showScenario } from './show.ts'
import { subjectOf } from './subject-name.ts'
import type { MinimiseTask } from './worker.ts'

/** One cause, cut down, written to files, ready to be shown. */
interface Result {
  readonly finding: Finding
  readonly times: number
  readonly shown: Shown
  readonly replayFile: string
  readonly historyFile: string
}

const INTERRUPTED = 'Interrupted: what was found until now is cut down and shown. Once more to end at once.'

/** From settings to findings: searches on all threads, cuts down one failure of each cause, writes and shows them. */
export async function executeFuzz(settings: FuzzSettings): Promise<ExitCode> {
  const progress = createProgress({ quiet: settings.json })
  const interrupts = listenForInterrupts(INTERRUPTED)
  const pool = new Tinypool({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: settings.workers,
    maxThreads: settings.workers,
  })
  try {
    if (!settings.json) print(process.stderr, `\n  ${titleOf(settings)}\n\n`)
    const outcome = await searchInParallel(pool, settings, {
      progress: (trials, causes) => progress.update(progressText(trials, causes)),
      interrupted: interrupts.interrupted,
    })
    progress.update('cutting down what was found')
    const results = await resultsOf(pool, settings, outcome)
    progress.stop()
    if (settings.json) print(process.stdout, `${JSON.stringify(jsonOf(settings, outcome, results))}\n`)
    else print(process.stdout, pageOf(settings, outcome, results))
    if (results.some(({ finding }) => finding.failure.kind !== 'broken')) return EXIT.violated
    if (results.length > 0) return EXIT.environment
    return interrupts.interrupted() ? EXIT.interrupted : EXIT.met
  } finally {
    progress.stop()
    interrupts.release()
    await pool.destroy()
  }
}

const progressText = (trials: number, causes: number): string =>
  `${trials.toLocaleString('en-US')} trials, ${causes === 0 ? 'nothing found yet' : `${causes} found`}`

function titleOf(settings: FuzzSettings): string {
  const { subject, strategies, workers, firstSeed, limit } = settings
  const length = 'seeds' in limit ? `${limit.seeds} seeds` : `${limit.timeMs / 1000} s`
  return [
    `chaos ${packageVersion()}   searching ${subjectText(settings)}`,
    `held to ${subject.level}`,
    `${length} from seed ${firstSeed}`,
    `${workers} thread${workers === 1 ? '' : 's'}`,
    `strategies: ${strategies.join(', ')}`,
  ].join(' · ')
}

const subjectText = ({ name, subject: { bug } }: FuzzSettings): string =>
  bug === undefined ? name : `${name} with the mistake ${bug}`

async function resultsOf(pool: Tinypool, settings: FuzzSettings, outcome: SearchOutcome): Promise<readonly Result[]> {
  const byCause = new Map<string, Finding[]>()
  for (const finding of outcome.findings) {
    const cause = causeOf(finding.failure)
    byCause.set(cause, [...(byCause.get(cause) ?? []), finding])
  }
  if (byCause.size === 0) return []
  const directory = createRunDirectory(settings.out, `fuzz-${settings.name}`, new Date())
  return Promise.all(
    [...byCause].map(async ([cause, findings]) => {
      const [finding] = findings as [Finding]
      const scenario = await smallest(pool, settings, finding)
      const shown = showScenario(await subjectOf(settings.subject), scenario, settings.invariants)
      const name = cause.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 40)
      const replayFile = join(directory.path, `${name}.json`)
      const historyFile = join(directory.path, `${name}.jsonl`)
      const { digest, sentence } = shown
      writeResult(replayFile, printReplay({ scenario, found: `${cause}: ${sentence}`, digest }))
      writeHistory(historyFile, shown.events)
      return { finding, times: findings.length, shown, replayFile, historyFile }
    }),
  )
}

/** A failure of the protocol's own code is shown as it was: a smaller one may be another. */
async function smallest(pool: Tinypool, settings: FuzzSettings, finding: Finding): Promise<Scenario> {
  if (finding.failure.kind === 'broken') return finding.scenario
  const { subject, invariants, shrinkMs } = settings
  const task: MinimiseTask = { subject, finding, invariants, budgetMs: shrinkMs }
  const scenario: Scenario | undefined = await pool.run(task, { name: 'minimiseFinding' })
  return scenario ?? finding.scenario
}

function writeHistory(path: string, events: readonly Event[]): void {
  const writer = openHistoryWriter(path, { header: { chaos: 1, model: 'register', initial: null } })
  writer.appendAll(events)
  writer.close()
}

const pageOf = (settings: FuzzSettings, outcome: SearchOutcome, results: readonly Result[]): string =>
  renderSearch(
    {
      subject: subjectText(settings),
      level: settings.subject.level,
      trials: outcome.trials,
      steps: outcome.steps,
      elapsedMs: outcome.elapsedMs,
      failures: results.map(failureOf),
    },
    styleFor(process.stdout),
    terminalOptions(process.stdout),
  )

const failureOf = ({ finding, times, shown, replayFile }: Result): FoundFailure => ({
  title: titleOfFailure(finding.failure),
  sentence: shown.sentence,
  seed: finding.seed,
  strategy: finding.strategy,
  times,
  found: sizeOf(finding.scenario),
  shrunk: sizeOf(shown.scenario),
  steps: shown.steps,
  columns: shown.columns,
  file: replayFile,
  again: `npx chaos replay ${replayFile}`,
})

function titleOfFailure(failure: Failure): string {
  switch (failure.kind) {
    case 'violation':
      return causeOf(failure)
    case 'invariant':
      return `${failure.name} broken`
    case 'broken':
      return 'the protocol does not work'
    default:
      return failure satisfies never
  }
}

const sizeOf = ({ operations, faults, nodes }: Scenario): Size => ({
  operations: operations.length,
  faults: faults.length,
  nodes,
})

function jsonOf(settings: FuzzSettings, outcome: SearchOutcome, results: readonly Result[]): Json {
  const { target, bug, level } = settings.subject
  return {
    target,
    ...(bug === undefined ? {} : { bug }),
    level,
    found: results.length > 0,
    trials: outcome.trials,
    steps: outcome.steps,
    timing: { searchMs: millis(Math.round(outcome.elapsedMs)) },
    failures: results.map(({ finding, times, shown, replayFile, historyFile }) => ({
      kind: finding.failure.kind,
      cause: causeOf(finding.failure),
      sentence: shown.sentence,
      seed: finding.seed,
      strategy: finding.strategy,
      times,
      found: { ...sizeOf(finding.scenario) },
      shrunk: { ...sizeOf(shown.scenario) },
      digest: shown.digest,
      replay: replayFile,
      history: historyFile,
    })),
  }
}
