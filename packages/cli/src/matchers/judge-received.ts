import { join } from 'node:path'
import { levelsInWords, type Report, verdictOf } from '@chaosproxy/checker'
import type { Run } from '@chaosproxy/engine'
import { check } from '@chaosproxy/engine'
import { EXIT, packageVersion, RUN_JSON, readSummary } from '@chaosproxy/engine/run'
import {
  didYouMean,
  type EventInput,
  type History,
  historyFromObjects,
  UserError,
  usageError,
} from '@chaosproxy/history'
import {
  answersOf,
  type FileSubject,
  type Finding,
  findingsOf,
  htmlOf,
  type RunSubject,
  titleWithVerdict,
} from '@chaosproxy/report'
import type { Expectation, RunSummary } from '@chaosproxy/runner/result'

/**
 * The values that matchers and assertions accept: a history, its events, or a run, as `run()` and `record()` return it.
 */
export type Received = History | Iterable<EventInput> | Run

/** Whether a history meets a level, and why. */
interface JudgedLevel {
  readonly met: boolean | 'unknown'
  readonly message: string
  readonly finding: Finding
  html(): string
}

/**
 * Judges whether a value that was given to a matcher meets a level.
 *
 * @throws UserError (usage) if the value is not a history, or if the level is unknown.
 */
export function judgeReceived(received: unknown, level: string): JudgedLevel {
  const judged = judgedHistory(received)
  const { report, vacuous, trouble } = judged
  if (report.levels[level] === undefined) {
    const known = Object.keys(report.levels)
    throw usageError(
      `there is no level ${level} for the model ${report.model}.${didYouMean(level, known)} Known: ${levelsInWords(known)}.`,
    )
  }
  const verdict = verdictOf(report, level).result
  const isShown = vacuous.length === 0 && trouble.length === 0
  const met = verdict === 'violated' ? false : verdict === 'met' && isShown ? true : 'unknown'
  const subject = subjectOf(judged, { level, met })
  const [finding] = findingsOf(subject)
  if (finding === undefined) throw new Error('findingsOf() returned no finding')
  return {
    met,
    message: messageOf(finding),
    finding,
    html: () => htmlOf(subject, { version: packageVersion(), pathTo: (path) => path }),
  }
}

/**
 * Returns the subject of the report. If the history is that of a run, the subject has the run's faults, settings and
 * command.
 */
function subjectOf(
  { history, report, file, vacuous, trouble, run, summary }: JudgedHistory,
  expectation: Expectation,
): FileSubject | RunSubject {
  const { level, met } = expectation
  const undecided = trouble.length > 0 ? EXIT.environment : EXIT.unknown
  const exitCode = met === true ? EXIT.met : met === false ? EXIT.violated : undecided
  if (run !== undefined && summary !== undefined)
    return {
      ...{ kind: 'run', title: run.spec.target.name, history, historyFile: file, directory: run.directory },
      summary: { ...summary, report, vacuous, expectation, requirements: undefined },
      ...{ reportFile: '', alone: true, again: summary.again ?? '', exitCode },
    }
  return {
    ...{ kind: 'file', file, title: file, report, history, parseMs: 0, checkMs: 0 },
    ...{
      requestedLevel: level,
      expectation,
      requirements: undefined,
      vacuous,
      initial: history.header?.initial ?? null,
    },
    ...{ alone: true, explain: false, reportFile: undefined, again: '', exitCode },
  }
}

/** The message: what happened, why, what to do next, and the drawing. */
function messageOf({ title, verdict, sentence, telling, evidence, notes, levels, expected }: Finding): string {
  const kept = levels.filter(({ result }) => result === 'met').map(({ level }) => level)
  return [
    titleWithVerdict({ title, verdict }),
    ...(evidence.length === 0 && sentence !== '' ? [sentence] : []),
    ...(telling === undefined ? [] : answersOf(telling))
      .filter(([, answer]) => evidence.length > 0 || !sentence.endsWith(answer))
      .map(([name, answer]) => `${name}: ${answer}`),
    ...(evidence.length === 0 ? [] : ['', ...evidence]),
    '',
    ...notes,
    `${expected}${kept.length === 0 ? '' : `; it does meet ${kept.slice(0, MOST_NAMED).join(', ')}${kept.length > MOST_NAMED ? ', …' : ''}`}`,
  ].join('\n')
}

const MOST_NAMED = 3

interface JudgedHistory {
  readonly history: History
  readonly report: Report<string>
  readonly file: string
  /** Why the history proves less than it seems to. */
  readonly vacuous: readonly string[]
  /** What went wrong with the target or the faults of the run. */
  readonly trouble: readonly string[]
  readonly run?: Run | undefined
  readonly summary?: RunSummary | undefined
}

function judgedHistory(received: unknown): JudgedHistory {
  if (isRun(received)) {
    const { history, report, directory, vacuous } = received
    const summary = readSummary(join(directory, RUN_JSON))
    const file = `${directory}/history.jsonl`
    return { history, report, file, vacuous, trouble: summary?.trouble ?? [], run: received, summary }
  }
  if (!isHistory(received) && !isEvents(received))
    throw usageError(
      `this is not a history, but ${wordFor(received)}. Give events, or the awaited result of readHistory(file), run() or record().stop().`,
    )
  const history = isHistory(received) ? received : historyFromObjects(received)
  const report = checkHere(history)
  return { history, report, file: 'history', vacuous: report.vacuous, trouble: [] }
}

/**
 * @throws UserError as `check` does. The message names the option `model` of `readHistory` instead of the command's
 * option `--model`.
 */
function checkHere(history: History): ReturnType<typeof check> {
  try {
    return check(history)
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    const message = error.message.replaceAll(/--model ([a-z-]+)/g, "readHistory(file, { model: '$1' })")
    throw new UserError(error.code, message)
  }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isHistory = (value: unknown): value is History => isObject(value) && 'operations' in value && 'nemesis' in value

const isRun = (value: unknown): value is Run =>
  isObject(value) && 'history' in value && isHistory(value.history) && 'report' in value && 'directory' in value

const isEvents = (value: unknown): value is Iterable<unknown> => isObject(value) && Symbol.iterator in value

function wordFor(value: unknown): string {
  if (typeof value === 'string') return 'a string'
  if (value instanceof Promise) return 'a promise: await it'
  if (value === null || value === undefined) return String(value)
  if (typeof value === 'object' && 'levels' in value) return 'the result of check(), which lacks the operations'
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`
}
