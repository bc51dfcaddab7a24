import { type Report, verdictOf } from '@chaosproxy/checker'
import type { Run } from '@chaosproxy/engine'
import { check } from '@chaosproxy/engine'
import { packageVersion } from '@chaosproxy/engine/run'
import { didYouMean, type EventInput, type History, historyFromObjects, UserError } from '@chaosproxy/history'
import { type FileSubject, type Finding, findingsOf, htmlOf } from '@chaosproxy/report'

/** What matchers and assertions take: a history, its events, or a run, as `run()` and `record()` return it. */
export type Received = History | Iterable<EventInput> | Run

/** Whether a history meets a level, with the same story as everywhere else. */
export interface JudgedLevel {
  readonly met: boolean | 'unknown'
  /** The story in lines: what is wrong, drawn; what the history does meet. */
  readonly message: string
  readonly finding: Finding
  /** The report as a page. */
  html(): string
}

/**
 * Judges what a matcher was given by a level.
 *
 * @throws UserError (usage) if it is no history, or there is no such level.
 */
export function judgeReceived(received: unknown, level: string): JudgedLevel {
  const { history, report, file, vacuous } = judgedHistory(received)
  if (report.levels[level] === undefined) {
    const known = Object.keys(report.levels)
    throw new UserError(
      'usage',
      `there is no level ${level} for the model ${report.model}.${didYouMean(level, known)} Known: ${known.join(', ')}.`,
    )
  }
  const verdict = verdictOf(report, level).result
  const met = verdict === 'violated' ? false : verdict === 'met' && vacuous.length === 0 ? true : 'unknown'
  const subject: FileSubject = {
    kind: 'file',
    file,
    title: file,
    report,
    history,
    parseMs: 0,
    checkMs: 0,
    asked: level,
    expectation: { level, met },
    requirements: undefined,
    vacuous,
    initial: history.header?.initial ?? null,
    alone: true,
    explain: false,
    reportFile: undefined,
    again: '',
    exitCode: met === true ? 0 : met === false ? 1 : 2,
  }
  const [finding] = findingsOf(subject)
  if (finding === undefined) throw new Error('a file has a finding')
  return {
    met,
    message: messageOf(finding),
    finding,
    html: () => htmlOf(subject, { version: packageVersion(), pathTo: (path) => path }),
  }
}

function messageOf({ verdict, sentence, evidence, notes, levels, expected }: Finding): string {
  const kept = levels.filter(({ result }) => result === 'met').map(({ level }) => level)
  return [
    sentence === '' ? verdict : `${verdict}: ${sentence}`,
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
  /** Where it is, for citations. */
  readonly file: string
  /** Why it proves less than it seems to. */
  readonly vacuous: readonly string[]
}

function judgedHistory(received: unknown): JudgedHistory {
  if (isRun(received)) {
    const { history, report, directory, vacuous } = received
    return { history, report, file: `${directory}/history.jsonl`, vacuous }
  }
  if (!isHistory(received) && !isEvents(received))
    throw new UserError(
      'usage',
      `this is no history, but ${wordFor(received)}. Give events, what readHistory(file) resolves to, or what run() or record().stop() resolves to.`,
    )
  const history = isHistory(received) ? received : historyFromObjects(received)
  const report = check(history)
  return { history, report, file: 'history', vacuous: report.vacuous }
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null

const isHistory = (value: unknown): value is History => isObject(value) && 'operations' in value && 'nemesis' in value

const isRun = (value: unknown): value is Run =>
  isObject(value) && 'history' in value && isHistory(value.history) && 'report' in value && 'directory' in value

const isEvents = (value: unknown): value is Iterable<unknown> => isObject(value) && Symbol.iterator in value

function wordFor(value: unknown): string {
  if (typeof value === 'string') return 'a text'
  if (value instanceof Promise) return 'a promise: await it'
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object' ? 'another object' : `a ${typeof value}`
}
