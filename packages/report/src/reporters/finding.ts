import { type Report, verdictOf } from '@chaosproxy/checker'
import type { History } from '@chaosproxy/history'
import { cellSentence, levelName } from '../comparison-words.ts'
import { type FaultSpan, faultSpans } from '../fault-spans.ts'
import { foundText, levelsOf, reasonText } from '../level-words.ts'
import { linesOf, printable } from '../operation-words.ts'
import { type RequirementResult, requirementText } from '../requirements/result.ts'
import type { Expectation } from '../run-summary.ts'
import { accusedLevel, counterexampleOf, evidence } from '../terminal/evidence.ts'
import { headlineOf } from '../terminal/headline.ts'
import { fileName, pageStyle, vacuousTexts } from '../terminal/run-page.ts'
import type { FoundFailure } from '../terminal/search-page.ts'
import { plainStyle } from '../terminal/style.ts'
import { capitalised, plural } from '../words.ts'
import type {
  ComparisonSubject,
  FileSubject,
  RunSubject,
  SearchSubject,
  StorySubject,
  Subject,
  TroubleSubject,
} from './subject.ts'

/**
 * The verdict on one subject in a few sentences, as plain data. Every reporter for other programs tells this, so that
 * all of them tell the same story.
 */
export interface Finding {
  /** `passed` if the exit code is 0, which it is for any verdict if nothing was expected. */
  readonly result: 'passed' | 'failed' | 'undecided' | 'troubled'
  readonly command: 'run' | 'check' | 'fuzz' | 'compare' | 'scenario'
  /** `raft, 5 nodes`, or the name of a file. */
  readonly name: string
  /** `Not linearizable`. */
  readonly title: string
  /**
   * The counterexample in one sentence, or why the verdict is unknown, and every requirement that was missed; empty if
   * there is nothing to explain.
   */
  readonly sentence: string
  /** `promised linearizable, found eventual`; empty if nothing was expected. */
  readonly expected: string
  /** The counterexample drawn, as lines of plain text. */
  readonly evidence: readonly string[]
  /** What qualifies the verdict: what proves less than it seems to, trouble, warnings. */
  readonly notes: readonly string[]
  /** Strongest first. */
  readonly levels: readonly { readonly level: string; readonly result: string; readonly reason: string }[]
  /** Where the contradiction is: the history as the reader would type it, and the line of the operation accused. */
  readonly file: string | undefined
  readonly line: number | undefined
  readonly operations: number
  readonly elapsedMs: number
  /** The command that repeats it. */
  readonly again: string | undefined
  readonly exitCode: number
}

/**
 * One finding for a run or file; for a search, one for each failure, or one that nothing was found; for a comparison, one
 * for each system under each fault; for a story, one for each telling.
 */
export function findingsOf(subject: Subject): readonly Finding[] {
  switch (subject.kind) {
    case 'run':
      return [ofRun(subject)]
    case 'file':
      return [ofFile(subject)]
    case 'trouble':
      return [ofTrouble(subject)]
    case 'search':
      return ofSearch(subject)
    case 'comparison':
      return ofComparison(subject)
    case 'story':
      return ofStory(subject)
    default:
      return subject satisfies never
  }
}

const ofRun = ({ title, summary, history, historyFile, again, exitCode }: RunSubject): Finding => ({
  command: 'run',
  name: title,
  ...judged({
    requirements: summary.requirements,
    report: summary.report,
    history,
    historyFile,
    asked: summary.expectation?.level,
    vacuous: summary.vacuous,
    spans: faultSpans(history, summary),
  }),
  result: resultOf(exitCode),
  expected: expectedText(summary.expectation, summary.report),
  notes: [
    ...(summary.interrupted ? ['interrupted: what was recorded until then is checked'] : []),
    ...vacuousTexts(summary.vacuous),
    ...(summary.requirements ?? []).map(requirementText),
    ...summary.trouble,
    ...(summary.views?.said ?? []),
  ].map(printable),
  elapsedMs: summary.durationNanos / 1e6 + summary.timing.checkMs,
  again,
  exitCode,
})

const ofFile = ({ title, report, history, ...subject }: FileSubject): Finding => ({
  command: 'check',
  name: title,
  ...judged({
    requirements: subject.requirements,
    report,
    history,
    historyFile: subject.file,
    asked: subject.expectation?.level ?? subject.asked,
    vacuous: subject.vacuous,
    spans: faultSpans(history, undefined),
  }),
  result: resultOf(subject.exitCode),
  expected: expectedText(subject.expectation, report),
  notes: [
    ...vacuousTexts(subject.vacuous),
    ...(subject.requirements ?? []).map(requirementText),
    ...history.warnings,
  ].map(printable),
  elapsedMs: subject.parseMs + subject.checkMs,
  again: subject.again,
  exitCode: subject.exitCode,
})

const ofTrouble = ({ file, message, why, exitCode }: TroubleSubject): Finding => ({
  ...nothing,
  command: 'check',
  name: printable(file),
  result: why === 'stopped' ? 'undecided' : 'troubled',
  title: why === 'stopped' ? 'Unknown' : 'Not checked',
  sentence: printable(message),
  file,
  exitCode,
})

function ofSearch({ summary, exitCode }: SearchSubject): readonly Finding[] {
  const { subject, level, trials, doubts, failures, elapsedMs } = summary
  if (failures.length > 0) return failures.map((failure) => ofFailure(failure, summary, exitCode))
  const sentence =
    doubts.length === 0 ? `${subject} kept its histories ${level} in ${plural(trials, 'trial')}.` : doubts.join('; ')
  return [
    {
      ...nothing,
      command: 'fuzz',
      name: subject,
      result: resultOf(exitCode),
      title: doubts.length === 0 ? 'Nothing found' : 'Nothing found, and little proved',
      sentence: printable(sentence),
      elapsedMs,
      exitCode,
    },
  ]
}

const ofFailure = (
  { title, sentence, trace, seed, file, again, found, shrunk }: FoundFailure,
  { subject, elapsedMs }: SearchSubject['summary'],
  exitCode: number,
): Finding => ({
  ...nothing,
  command: 'fuzz',
  name: `${subject}, seed ${seed}`,
  result: resultOf(exitCode),
  title: capitalised(title),
  sentence: printable(sentence),
  evidence: trace.map(printable),
  operations: (shrunk ?? found).operations,
  file,
  elapsedMs,
  again,
  exitCode,
})

const nothing = {
  expected: '',
  evidence: [],
  notes: [],
  levels: [],
  file: undefined,
  line: undefined,
  operations: 0,
  elapsedMs: 0,
  again: undefined,
} as const

function ofComparison({ comparison: { systems }, elapsedMs }: ComparisonSubject): readonly Finding[] {
  const runs = systems.reduce((sum, { cells }) => sum + cells.length, 0)
  return systems.flatMap((system) =>
    system.cells.map((cell): Finding => {
      const found = levelName(cell.level)
      return {
        ...nothing,
        command: 'compare',
        name: printable(`${system.name} under ${cell.condition}`),
        result: cell.kept === false ? 'failed' : cell.kept === 'unknown' ? 'undecided' : 'passed',
        title: capitalised(found),
        sentence: cellSentence(cell),
        expected: cell.promised === 'nothing' ? '' : `promised ${levelName(cell.promised)}, found ${found}`,
        elapsedMs: elapsedMs / Math.max(1, runs),
        again: cell.again,
        exitCode: cell.kept === false ? 1 : cell.kept === 'unknown' ? 2 : 0,
      }
    }),
  )
}

const ofStory = ({ story, elapsedMs, again, exitCode }: StorySubject): readonly Finding[] =>
  story.tellings.map(({ title, ending, differences, verdicts }): Finding => {
    const isAsTold = differences.length === 0
    return {
      ...nothing,
      command: 'scenario',
      name: `${story.name}: ${title}`,
      result: isAsTold ? 'passed' : 'failed',
      title: isAsTold ? 'Ended as told' : 'Did not end as told',
      sentence: isAsTold ? ending : printable(differences.join('; ')),
      levels: verdicts.map(({ level, result }) => ({ level, result, reason: '' })),
      elapsedMs: elapsedMs / story.tellings.length,
      again,
      exitCode: isAsTold ? 0 : exitCode,
    }
  })

interface Judged {
  readonly requirements: readonly RequirementResult[] | undefined
  readonly report: Report<string> | undefined
  readonly history: History
  readonly historyFile: string
  readonly asked: string | undefined
  readonly vacuous: readonly string[]
  readonly spans: readonly FaultSpan[]
}

/** Wide enough for the drawings, and narrow enough for a log. */
const PAGE = pageStyle(plainStyle, { width: 100, unicode: true })

function judged({ report, history, historyFile, asked, vacuous, spans, requirements = [] }: Judged) {
  const common = { operations: history.operations.length, file: historyFile }
  if (report === undefined)
    return { ...common, title: 'Not checked', sentence: '', evidence: [], levels: [], line: undefined }
  const headline = headlineOf(report, asked, vacuous.length > 0, requirements)
  const shown = counterexampleOf(report, accusedLevel(report, asked))
  const missed = requirements.filter(({ met }) => met !== true).map(requirementText)
  const sentences = shown === undefined ? [...missed, headline.beside] : [shown.sentence, ...missed]
  const accused = shown?.culprit ?? shown?.operations.at(-1)?.operation
  return {
    ...common,
    title: headline.title,
    sentence: printable(sentences.filter((sentence) => sentence !== '').join('; ')),
    evidence: shown === undefined ? [] : evidence(history, shown, spans, fileName(historyFile), PAGE),
    levels: levelsOf(report).map((level) => ({
      level,
      result: verdictOf(report, level).result,
      reason: why(report, level),
    })),
    line: accused === undefined ? undefined : linesOf(history, accused)[0],
  }
}

function why(report: Report<string>, level: string): string {
  const verdict = verdictOf(report, level)
  if (verdict.result === 'met') return verdict.witness.kind === 'implied' ? `follows from ${verdict.witness.by}` : ''
  return printable(verdict.result === 'violated' ? verdict.counterexample.sentence : reasonText(level, verdict.reason))
}

function expectedText(expectation: Expectation | undefined, report: Report<string> | undefined): string {
  if (expectation === undefined) return ''
  const found = report === undefined ? 'nothing checked' : `found ${foundText(report)}`
  return `${expectation.promised ? 'promised' : 'expected'} ${expectation.level}, ${found}`
}

function resultOf(exitCode: number): Finding['result'] {
  if (exitCode === 0) return 'passed'
  if (exitCode === 1) return 'failed'
  return exitCode === 2 || exitCode === 130 ? 'undecided' : 'troubled'
}
