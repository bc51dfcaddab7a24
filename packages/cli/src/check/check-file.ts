import { dirname, relative } from 'node:path'
import { check, type Level, type Report, type Verdict } from '@chaos/checker'
import { type History, OK, UserError } from '@chaos/history'
import { readHistory, sourceName } from '@chaos/history/files'
import {
  type CheckRow,
  type Expectation,
  plainStyle,
  renderCheck,
  renderExplanations,
  renderHtml,
  type Style,
  type TerminalOptions,
  toJson,
} from '@chaos/report'
import { judgeExpectation } from '@chaos/runner'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { styleFor } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'
import { type CheckSettings, checkOptionsFor } from './settings.ts'

/** One file to check, and what is wanted of it. Plain data: it may go to another thread. */
export interface CheckTask {
  readonly file: string
  readonly settings: CheckSettings
  /** Whether it is the only one: then it gets a page rather than a line of a table. */
  readonly alone: boolean
  readonly terminal: TerminalOptions & { readonly colours: boolean }
}

/** What became of a file, as text and numbers: a history stays in the thread that read it. */
export type CheckResult = CheckedFile | FileTrouble | StoppedFile

export interface CheckedFile {
  readonly file: string
  readonly row: Extract<CheckRow, { report: Report }>
  readonly expectation: Expectation | undefined
  /** What was asked for: the page, the explanations, the JSON object, the HTML report. */
  readonly page: string | undefined
  readonly explanation: string | undefined
  readonly json: string | undefined
  readonly html: string | undefined
}

/** The file could not be read or checked. */
export interface FileTrouble {
  readonly file: string
  readonly trouble: { readonly code: UserError['code']; readonly message: string }
}

/** Its check did not keep to its limits and was ended from outside: nothing is known. */
export interface StoppedFile {
  readonly file: string
  readonly stopped: string
}

/** Reads and checks one file within its limits. Never throws for what is the file's fault. */
export function checkFile(task: CheckTask, say: (text: string) => void = () => {}): Promise<CheckResult> {
  return unlessTroubled(task, async () => checkRead(task, await readTimed(task, false), say))
}

/** A history and what reading it took. */
export interface ReadFile {
  readonly history: History
  readonly parseMs: number
}

export async function readTimed({ file, settings: { format } }: CheckTask, shared: boolean): Promise<ReadFile> {
  const started = performance.now()
  const history = await readHistory(file, { format, shared })
  return { history, parseMs: performance.now() - started }
}

/** Checks what was read in the time that is left. */
export function checkRead(
  task: CheckTask,
  { history, parseMs }: ReadFile,
  say: (text: string) => void = () => {},
): CheckedFile {
  const { file, settings } = task
  const started = performance.now()
  say(checking(file, history))
  const report = check(history, checkOptionsFor(file, history, settings, settings.timeoutMs - parseMs))
  return resultOf(task, { history, report, parseMs, checkMs: performance.now() - started })
}

export const checking = (file: string, { operations }: History): string =>
  `checking ${operations.length.toLocaleString('en-US')} operations of ${file}`

/** The work's result, or what is wrong with the file. */
export async function unlessTroubled<Result>(
  { file }: CheckTask,
  work: () => Result | Promise<Result>,
): Promise<Result | FileTrouble> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof UserError) return troubleOf(file, error)
    throw error
  }
}

export const troubleOf = (file: string, { code, message }: UserError): FileTrouble => ({
  file,
  trouble: { code, message },
})

export interface Checked {
  readonly history: History
  readonly report: Report
  readonly parseMs: number
  readonly checkMs: number
}

/** What is said of a file that was checked. */
export function resultOf(task: CheckTask, checked: Checked): CheckedFile {
  const { file, settings, alone, terminal } = task
  const { history, report, parseMs, checkMs } = checked
  const { length, callLine, returnLine } = history.operations
  const expectation = settings.expect === undefined ? undefined : expectationOf(history, report, settings.expect)
  const style: Style = terminal.colours ? styleFor({ isTTY: true }) : plainStyle
  const exitCode = expectation === undefined ? undefined : exitCodeFor(expectation)
  return {
    file,
    row: {
      file,
      report: withoutWitnesses(report),
      history: { operations: { length, callLine, returnLine } },
      elapsedMs: parseMs + checkMs,
    },
    expectation,
    page:
      alone && !settings.json
        ? renderCheck(report, history, style, {
            ...terminal,
            file: sourceName(file),
            parseMs,
            checkMs,
            expectation,
            reportFile: settings.out,
            exitCode,
          })
        : undefined,
    explanation: settings.explain && !settings.json ? renderExplanations(report, history, style, terminal) : undefined,
    json: settings.json ? JSON.stringify(toJson({ report, history, expectation, file, parseMs, checkMs })) : undefined,
    html: settings.out === undefined ? undefined : htmlOf(task, checked, settings.out, expectation),
  }
}

/** A level that is met by a history in which nothing was read or written is not met: it says nothing. */
function expectationOf(history: History, report: Report, level: Level): Expectation {
  return judgeExpectation(report, level, isVacuous(history, report.model) ? [NOTHING_TRIED] : [])
}

const NOTHING_TRIED = 'nothing was read, or nothing was written'
const READS = ['read', 'get', 'cas']
const WRITES = ['write', 'put', 'append', 'cas']

/** A register wants a read and a write that succeeded; of other objects any operation may show something. */
function isVacuous(history: History, model: string): boolean {
  const { f, outcome, length } = history.operations
  const succeeded = new Set<string>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] === OK) succeeded.add(history.functions[f[row] ?? 0] ?? '')
  }
  if (model !== 'register') return succeeded.size === 0
  return !READS.some((name) => succeeded.has(name)) || !WRITES.some((name) => succeeded.has(name))
}

export const exitCodeFor = ({ met }: Expectation): ExitCode =>
  met === 'unknown' ? EXIT.unknown : met ? EXIT.met : EXIT.violated

/** Orders of a million operations are of no use to a table. */
function withoutWitnesses(report: Report): Report {
  const bare = (level: Level, verdict: Verdict): Verdict =>
    verdict.result === 'met' ? { result: 'met', witness: { kind: 'implied', by: level } } : verdict
  const verdicts = Object.entries(report.levels) as [Level, Verdict][]
  return {
    ...report,
    levels: Object.fromEntries(verdicts.map(([level, verdict]) => [level, bare(level, verdict)])) as Report['levels'],
  }
}

function htmlOf(
  { file }: CheckTask,
  { history, report }: Checked,
  out: string,
  expectation: Expectation | undefined,
): string {
  return renderHtml({
    title: sourceName(file),
    version: packageVersion(),
    history,
    historyFile: relative(dirname(out), file),
    report,
    expectation,
    again: `npx chaos check ${file}`,
  })
}
