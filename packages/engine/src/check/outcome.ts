import { type CheckOptions, decidedByStart, type Report, type Verdict } from '@chaosproxy/checker'
import { type History, operationsIn } from '@chaosproxy/history'
import { sourceName } from '@chaosproxy/history/files'
import type { FileSubject } from '@chaosproxy/report'
import { missingSuccesses } from '@chaosproxy/runner'
import {
  type ExitCode,
  exitCodeFor,
  faultSpans,
  judgeBaseline,
  judgeExpectation,
  judgeRequirements,
  parseRequirement,
} from '@chaosproxy/runner/result'
import { partOf } from '../telling/part.ts'
import { type CheckSpec, initialOf } from './options.ts'
import type { CheckedFile, CheckTask } from './result.ts'

export interface Checked {
  readonly history: History
  readonly report: Report<string>
  readonly parseMs: number
  readonly checkMs: number
  /** How it was checked. */
  readonly checking: CheckOptions<string>
}

type Judged = Pick<FileSubject, 'asked' | 'vacuous' | 'expectation' | 'requirements'> & { readonly exitCode: ExitCode }

export function resultOf(task: CheckTask, checked: Checked): CheckedFile {
  const { file, telling } = task
  const { history, report, parseMs, checkMs } = checked
  const { callLine, returnLine } = history.operations
  const length = operationsIn(history)
  const subject = subjectOf(task, checked)
  const { vacuous, exitCode } = subject
  const row = {
    file,
    report: withoutWitnesses(report),
    history: { operations: { length, callLine, returnLine } },
    elapsedMs: parseMs + checkMs,
    vacuous,
  }
  return { file, exitCode, part: partOf(subject, telling, row) }
}

function subjectOf(task: CheckTask, checked: Checked): FileSubject & { readonly exitCode: ExitCode } {
  const { file, settings, alone, again, telling } = task
  return {
    kind: 'file',
    file,
    title: sourceName(file),
    ...checked,
    ...judge(task, checked),
    initial: initialOf(checked.history, settings),
    alone,
    explain: settings.explain,
    reportFile: telling.reporters.find((choice) => choice.name === 'html')?.file,
    again,
  }
}

function judge({ settings }: CheckTask, { history, report, checking }: Checked): Judged {
  const { expect, levels } = settings
  const all = Object.keys(report.levels)
  const asked = all.find((level) => levels?.includes(level) ?? true) ?? ''
  // Of a history whose operations are not kept it is known that nothing is missing: see `proves`.
  const missing = history.tally === undefined ? missingSuccesses(history, report.model) : []
  const byStart = history.tally === undefined ? decidedByStart(history, checking) : []
  const vacuous = [...missing, ...byStart]
  const found = judgeExpectation(report, expect ?? asked, vacuous)
  const expectation = expect === undefined ? undefined : found
  const requirements = judgeRequired(settings, { history, report, checking })
  const exitCode = exitCodeFor({ expectation, found, requirements: requirements ?? [], trouble: [] })
  return { asked, vacuous, expectation, requirements, exitCode }
}

/** Undefined if nothing is required besides a level. */
function judgeRequired(
  { require = [], baseline: chosen, answers }: CheckSpec,
  checked: Pick<Checked, 'history' | 'report' | 'checking'>,
) {
  if (require.length === 0 && chosen === undefined) return undefined
  const { history } = checked
  const record = { ...checked, faults: faultSpans(history, undefined), answers: new Map(answers) }
  const bounds = require.map((text) => parseRequirement(text, '--require'))
  if (chosen === undefined) return judgeRequirements(bounds, record)
  return [...judgeRequirements(bounds, record), ...judgeBaseline(chosen.baseline, chosen.tolerance, record)]
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
