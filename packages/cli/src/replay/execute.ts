import { readFileSync } from 'node:fs'
import { UserError } from '@chaos/history'
import { promiseOf } from '@chaos/protocols'
import { renderReplay } from '@chaos/report'
import { causeOf, parseReplay, type Replay } from '@chaos/simulator'
import { parseLevel } from '../arguments/names.ts'
import { parseCount } from '../arguments/quantities.ts'
import { parseBug, parseKnobs, targetOf } from '../arguments/target.ts'
import { flagOf, type ParsedOptions, textOf } from '../command.ts'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { type Shown, showScenario } from '../fuzz/show.ts'
import { type SubjectName, subjectOf } from '../fuzz/subject-name.ts'
import { print } from '../terminal/output.ts'
import { createProgress } from '../terminal/progress.ts'
import { styleFor, terminalOptions } from '../terminal/style.ts'
import { playForReal } from './real.ts'

export interface ReplaySettings {
  readonly file: string
  readonly replay: Replay
  readonly subject: SubjectName
  readonly real: boolean
  readonly times: number
  readonly invariants: boolean
  readonly json: boolean
}

const MOST_TIMES = 10_000

/** @throws UserError (usage, input) for an option or a file that cannot be. */
export async function parseReplaySettings(options: ParsedOptions): Promise<ReplaySettings> {
  const file = String(options['file'])
  const replay = parseReplay(readText(file), file)
  const { target, bug, knobs, nodes, operations } = replay.scenario
  const { protocol } = (await targetOf(target)).target
  parseBug(protocol, bug)
  parseKnobs(
    protocol,
    Object.entries(knobs).map(([name, value]) => `${name}=${value}`),
  )
  const expected = textOf(options, 'expect')
  const level = expected === undefined ? promiseOf(protocol, knobs) : parseLevel('expect', expected)
  if (level === 'none')
    throw new UserError('usage', `${target} promises no level: say with --expect which one to judge by.`)
  return {
    file,
    replay,
    subject: { target, bug, knobs, level, nodes, operations: operations.length },
    real: flagOf(options, 'real'),
    times: parseCount('times', textOf(options, 'times'), { min: 1, max: MOST_TIMES }),
    invariants: replay.invariants && options['invariants'] !== false,
    json: flagOf(options, 'json'),
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new UserError('input', `${file} cannot be read: ${(error as Error).message}.`)
  }
}

/** Plays the scenario as often as asked for, and says how often it went wrong, and whether it went as it was recorded. */
export async function executeReplay(settings: ReplaySettings): Promise<ExitCode> {
  const { replay, subject, times } = settings
  const progress = createProgress({ quiet: settings.json })
  let failures = 0
  let same = 0
  let shown: Shown | undefined
  try {
    for (let i = 0; i < times; i++) {
      progress.update(`playing ${i + 1} of ${times}`)
      const played = settings.real
        ? await playForReal(subject, replay.scenario, progress)
        : showScenario(await subjectOf(subject), replay.scenario, settings.invariants)
      if (played.failure !== undefined) failures++
      if (played.digest === replay.digest) same++
      // The first that went wrong is what people came for.
      if (shown === undefined || (shown.failure === undefined && played.failure !== undefined)) shown = played
    }
  } finally {
    progress.stop()
  }
  if (shown === undefined) throw new RangeError('a replay is played at least once')
  show(settings, shown, failures, same)
  if (shown.failure?.kind === 'broken') return EXIT.environment
  return failures > 0 ? EXIT.violated : EXIT.met
}

function show(settings: ReplaySettings, shown: Shown, failures: number, same: number): void {
  const { file, replay, times, real } = settings
  const { failure, sentence } = shown
  if (settings.json) {
    const result = {
      file,
      real,
      times,
      failures,
      found: failures > 0,
      ...(failure === undefined ? {} : { kind: failure.kind, cause: causeOf(failure) }),
      sentence,
      digest: shown.digest,
      ...(replay.digest === undefined || real ? {} : { identical: same === times }),
    }
    print(process.stdout, `${JSON.stringify(result)}\n`)
    return
  }
  const page = renderReplay(
    {
      title:
        failure === undefined
          ? 'nothing went wrong'
          : failure.kind === 'invariant'
            ? `${failure.name} broken`
            : causeOf(failure),
      bad: failure !== undefined,
      sentence,
      played: playedText(settings, failures, same),
      steps: shown.steps,
      columns: shown.columns,
    },
    styleFor(process.stdout),
    terminalOptions(process.stdout),
  )
  print(process.stdout, page)
}

function playedText({ replay, times, real }: ReplaySettings, failures: number, same: number): string {
  const often = times === 1 ? '' : `went wrong ${failures} of ${times} times, `
  if (real) return `${often}on real processes: the same operations and faults, not the same interleaving`
  if (replay.digest === undefined) return `${often}in the simulator`
  return same === times
    ? `${often}in the simulator: the same history as was recorded, to the byte`
    : `${often}in the simulator: ANOTHER history than was recorded (the file or the protocol has changed since)`
}
