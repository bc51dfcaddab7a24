import {
  alikeKeys,
  type CheckOptions,
  check,
  decidedByStart,
  hintsFor,
  overwrittenNotes,
  type Report,
  startsByKey,
  textTokens,
  UNKNOWN_START,
  unknownOpening,
} from '@chaosproxy/checker'
import { FLAG_FINAL, type History, millis, printable } from '@chaosproxy/history'
import { sourceName } from '@chaosproxy/history/files'
import type { FileSubject, WrittenProof } from '@chaosproxy/report'
import { missingSuccesses } from '@chaosproxy/runner'
import {
  type ExitCode,
  exitCodeFor,
  faultSpans,
  judgeBaseline,
  judgeExpectation,
  judgeRequirements,
  parseRequirement,
  type RunSetup,
  standstillsOf,
  standstillText,
} from '@chaosproxy/runner/result'
import { type CheckSpec, checkOptionsFor, initialOf } from './options.ts'

// Judges as `chaos check` does. This file uses no modules of Node, so that browsers can run it.

/** The history to judge, and the settings. */
export interface JudgedTask {
  /** The path of the history as typed, or its name. */
  readonly file: string
  readonly settings: CheckSpec
  readonly setup?: RunSetup | undefined
  /** Whether this is the only history. Its result is then a page, and not a line of a table. */
  readonly alone: boolean
  readonly again: string
  /** The path of the HTML report, if a report is written. */
  readonly reportFile: string | undefined
}

export interface Checked {
  readonly history: History
  readonly report: Report<string>
  readonly parseMs: number
  readonly checkMs: number
  readonly checking: CheckOptions<string>
  readonly proof?: WrittenProof | undefined
}

/** The default settings of `chaos check`. */
export const USUAL_CHECK: CheckSpec = {
  initial: undefined,
  model: undefined,
  levels: undefined,
  expect: undefined,
  require: undefined,
  baseline: undefined,
  format: undefined,
  keyed: undefined,
  failedCas: 'auto',
  timeoutMs: millis(30_000),
  memoryBytes: 2_000_000_000,
  workers: undefined,
  explain: false,
}

type Judged = Pick<FileSubject, 'requestedLevel' | 'vacuous' | 'expectation' | 'requirements'> & {
  readonly exitCode: ExitCode
}

/**
 * Judges a history that has been read, for reporters. The time limit starts now.
 *
 * @throws UserError (usage, input) for a level, model or requirement that does not fit the history.
 */
export function judgeHistory(
  task: JudgedTask,
  { history, parseMs }: Pick<Checked, 'history' | 'parseMs'>,
): FileSubject & { readonly exitCode: ExitCode } {
  const started = performance.now()
  const checking = checkOptionsFor(task.file, history, task.settings, task.settings.timeoutMs)
  const report = check(history, checking)
  return subjectOf(task, { history, report, parseMs, checkMs: performance.now() - started, checking })
}

export function subjectOf(task: JudgedTask, checked: Checked): FileSubject & { readonly exitCode: ExitCode } {
  const { file, settings, setup, alone, again, reportFile } = task
  return {
    kind: 'file',
    file,
    title: sourceName(file),
    ...checked,
    history: startedAs(withHints(task, checked), settings),
    ...judge(task, checked),
    initial: initialOf(checked.history, settings),
    setup,
    alone,
    explain: settings.explain,
    reportFile,
    again,
  }
}

/** Returns the history for pages, with the assumed initial value in its header. */
function startedAs(history: History, settings: Pick<CheckSpec, 'initial' | 'model'>): History {
  const initial = isOpeningUnknown(history, settings) ? UNKNOWN_START : settings.initial
  return initial === undefined ? history : { ...history, header: { chaos: 1, ...history.header, initial } }
}

/** Whether a bank may open with any balances, because neither the record nor an option gives them. */
const isOpeningUnknown = (history: History, settings: Pick<CheckSpec, 'initial' | 'model'>): boolean =>
  settings.initial === undefined &&
  history.header?.initial === undefined &&
  initialOf(history, settings) === UNKNOWN_START

/** The models of registers with a single initial value. `multi-register` has an initial value for each key. */
const ONE_START: readonly string[] = ['register', 'rw-register']

/** Adds hints: pauses of chaos itself, likely recording errors, and notable facts that no level forbids. */
function withHints({ file, settings, setup }: JudgedTask, { history, report }: Checked): History {
  const isViolated = Object.values(report.levels).some(({ result }) => result === 'violated')
  const hasHints = settings.unit !== undefined || (setup?.vacuous ?? []).length > 0 || history.tally !== undefined
  const start = ONE_START.includes(report.model) ? startsByKey(history, initialOf(history, settings)) : []
  const found = isViolated ? [...start, ...hintsFor(history)] : hasHints ? [] : overwrittenNotes(history)
  const tokens = report.model === 'lock' ? textTokens(history) : []
  const early = isViolated && setup === undefined ? finalReadsUnderFaults(history) : []
  const opening = isOpeningUnknown(history, settings) ? [unknownOpening(history)] : []
  const others = [...standstillsOf(history).map(standstillText), ...alikeKeys(history), ...tokens]
  const hints = [...opening, ...others, ...found, ...early, ...(setup?.trouble ?? [])]
  if (hints.length === 0) return history
  return { ...history, warnings: [...history.warnings, ...hints.map((hint) => `${sourceName(file)}: ${hint}`)] }
}

/** Warns of final reads during a fault that has no end in the history. */
function finalReadsUnderFaults(history: History): readonly string[] {
  const { flags, callTime } = history.operations
  const open = faultSpans(history, undefined).find(({ isOpen }) => isOpen)
  if (open === undefined || !flags.some((flag, row) => (flag & FLAG_FINAL) !== 0 && (callTime[row] ?? 0) >= open.from))
    return []
  return [
    `final reads were made under ${printable(open.label)}, and the history does not show the end of this fault. Levels of final reads apply to the time after all faults. Record the end of the fault, or do not mark these reads as final.`,
  ]
}

function judge({ settings, setup }: JudgedTask, { history, report, checking }: Checked): Judged {
  const { expect, levels } = settings
  const all = Object.keys(report.levels)
  const requestedLevel = all.find((level) => levels?.includes(level) ?? true) ?? ''
  // The run has already looked for missing successes, and knows its workload: one that only reads needs no write.
  const isJudgedByRun = setup !== undefined && settings.model === undefined
  // If `history.tally` is set, the operations are not in memory. Then `proves` has already checked for missing
  // successes, and `judgePlaces` has already called `decidedByStart`.
  const missing = history.tally === undefined && !isJudgedByRun ? missingSuccesses(history, checking) : []
  const byStart = history.tally === undefined ? decidedByStart(history, checking) : []
  const doubts =
    setup === undefined ? [] : [...(setup.interrupted ? ['the run was interrupted'] : []), ...setup.vacuous]
  const vacuous = [...new Set([...doubts, ...missing, ...byStart])]
  const found = judgeExpectation(report, expect ?? requestedLevel, vacuous)
  const expectation = expect === undefined ? undefined : found
  const requirements = judgeRequired(settings, { history, report })
  const exitCode = exitCodeFor({
    expectation,
    found,
    requirements: requirements ?? [],
    trouble: setup?.trouble ?? [],
  })
  return { requestedLevel, vacuous, expectation, requirements, exitCode }
}

/** Judges the requirements other than the level; undefined if there are none. */
function judgeRequired(
  { require = [], baseline: chosen, answers }: CheckSpec,
  checked: Pick<Checked, 'history' | 'report'>,
) {
  if (require.length === 0 && chosen === undefined) return undefined
  const { history } = checked
  const record = { ...checked, faults: faultSpans(history, undefined), answers: new Map(answers) }
  const bounds = require.map((text) => parseRequirement(text, '--require'))
  if (chosen === undefined) return judgeRequirements(bounds, record)
  return [...judgeRequirements(bounds, record), ...judgeBaseline(chosen.baseline, chosen.tolerance, record)]
}
