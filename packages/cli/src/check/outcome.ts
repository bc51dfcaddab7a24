import { dirname, relative } from 'node:path'
import { type Report, UNKNOWN_START, type Verdict } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { sourceName } from '@chaosproxy/history/files'
import {
  type Expectation,
  plainStyle,
  renderCheck,
  renderExplanations,
  renderHtml,
  type Style,
  toJson,
} from '@chaosproxy/report'
import { judgeExpectation, missingSuccesses } from '@chaosproxy/runner'
import { EXIT, type ExitCode } from '../exit-code.ts'
import { commandLine, fileWord } from '../terminal/command-line.ts'
import { styleFor } from '../terminal/style.ts'
import { packageVersion } from '../version.ts'
import type { CheckedFile, CheckTask } from './result.ts'
import { type CheckSettings, initialOf } from './settings.ts'

export interface Checked {
  readonly history: History
  readonly report: Report<string>
  readonly parseMs: number
  readonly checkMs: number
}

interface Judged extends Checked {
  /** The level that the headline is about. */
  readonly asked: string
  /** Why the history proves less than it seems to. */
  readonly vacuous: readonly string[]
  readonly expectation: Expectation | undefined
  readonly exitCode: ExitCode
}

export function resultOf(task: CheckTask, checked: Checked): CheckedFile {
  const { file, settings, alone, terminal } = task
  const { history, report, parseMs, checkMs } = checked
  const { length, callLine, returnLine } = history.operations
  const judged = judge(task, checked)
  const { asked, vacuous, expectation, exitCode } = judged
  const style: Style = terminal.colours ? styleFor({ isTTY: true }) : plainStyle
  const initial = initialOf(history, settings)
  const said = { file: sourceName(file), parseMs, checkMs, asked, vacuous, expectation, exitCode, initial }
  return {
    file,
    row: {
      file,
      report: withoutWitnesses(report),
      history: { operations: { length, callLine, returnLine } },
      elapsedMs: parseMs + checkMs,
      vacuous,
    },
    exitCode,
    page:
      alone && !settings.json
        ? renderCheck(report, history, style, { ...terminal, ...said, reportFile: settings.out })
        : undefined,
    explanation: settings.explain && !settings.json ? renderExplanations(report, history, style, terminal) : undefined,
    json: settings.json ? JSON.stringify(toJson({ ...said, report, history, file })) : undefined,
    html: settings.out === undefined ? undefined : htmlOf(file, settings.out, settings, judged),
  }
}

/** Without an expectation, any history that could be judged is a success. */
function judge({ settings: { expect, levels } }: CheckTask, checked: Checked): Judged {
  const { history, report } = checked
  const all = Object.keys(report.levels)
  const asked = all.find((level) => levels?.includes(level) ?? true) ?? ''
  const vacuous = missingSuccesses(history, report.model)
  const { level, met } = judgeExpectation(report, expect ?? asked, vacuous)
  const exitCode = met === 'unknown' ? EXIT.unknown : met || expect === undefined ? EXIT.met : EXIT.violated
  return { ...checked, asked, vacuous, expectation: expect === undefined ? undefined : { level, met }, exitCode }
}

/** Drops the witnesses: a table has no use for orders of a million operations. */
function withoutWitnesses(report: Report<string>): Report<string> {
  const bare = (level: string, verdict: Verdict): Verdict =>
    verdict.result === 'met' ? { result: 'met', witness: { kind: 'implied', by: level } } : verdict
  const verdicts = Object.entries(report.levels)
  return {
    ...report,
    levels: Object.fromEntries(verdicts.map(([level, verdict]) => [level, bare(level, verdict)])),
  }
}

const htmlOf = (file: string, out: string, settings: CheckSettings, judged: Judged): string =>
  renderHtml({
    ...judged,
    title: sourceName(file),
    version: packageVersion(),
    historyFile: relative(dirname(out), file),
    initial: initialOf(judged.history, settings),
    again: againCommand(file, settings),
  })

/** The command that repeats the check. */
function againCommand(file: string, { model, initial, expect, format, failedCas }: CheckSettings): string {
  const given = {
    model,
    initial: initial === undefined || initial === UNKNOWN_START ? initial : JSON.stringify(initial),
    expect,
    format,
  }
  const options = Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]))
  const cas = failedCas === 'auto' ? [] : ['--failed-cas', failedCas]
  return commandLine(['npx', 'chaos', 'check', fileWord(file), ...options, ...cas])
}
