import type { Report, Verdict } from '@chaosproxy/checker'
import { operationsIn } from '@chaosproxy/history'
import { whyUnproved } from '@chaosproxy/report'
import { partOf } from '../output/part.ts'
import { mayBeWritten } from '../whole-file.ts'
import { type Checked, subjectOf } from './judged.ts'
import type { CheckedFile, CheckTask } from './result.ts'

export async function resultOf(task: CheckTask, checked: Checked): Promise<CheckedFile> {
  const { file, output } = task
  const { history, report, parseMs, checkMs, proof } = checked
  const { callLine, returnLine } = history.operations
  const length = operationsIn(history)
  const page = output.reporters.find(({ name }) => name === 'html')
  const reportFile = page?.file !== undefined && mayBeWritten(page.file) ? page.file : undefined
  const subject = subjectOf({ ...task, reportFile }, checked)
  const { vacuous, exitCode } = subject
  const row = {
    file,
    report: withoutWitnesses(report),
    history: { operations: { length, callLine, returnLine } },
    elapsedMs: parseMs + checkMs,
    vacuous,
    expected: subject.expectation?.level,
  }
  const { prove } = task.settings
  const unproved = prove === undefined || proof === undefined ? undefined : whyUnproved(prove, proof)
  return { file, exitCode, part: await partOf(subject, output, row), taken: history.taken, unproved }
}

/** Removes the witnesses, which a table does not show. */
function withoutWitnesses(report: Report<string>): Report<string> {
  const bare = (level: string, verdict: Verdict): Verdict =>
    verdict.result === 'met' ? { result: 'met', witness: { kind: 'implied', by: level } } : verdict
  const verdicts = Object.entries(report.levels)
  return {
    ...report,
    levels: Object.fromEntries(verdicts.map(([level, verdict]) => [level, bare(level, verdict)])),
  }
}
