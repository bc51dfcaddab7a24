import { type Report, verdictOf } from '@chaosproxy/checker'
import { type History, operationsIn, plural } from '@chaosproxy/history'
import { EXIT, isLinear, judgedLevels } from '@chaosproxy/runner/result'
import type { ComparedCell } from '../comparison.ts'
import { cellSentence, levelName } from '../comparison-words.ts'
import { type Facts, type FactsInput, factsOf } from '../facts/facts.ts'
import { INCONCLUSIVE } from '../facts/headline.ts'
import { sentenceText } from '../facts/violation-words.ts'
import type { Violation } from '../facts/violations.ts'
import { reasonText } from '../level-words.ts'
import { requirementText } from '../measured-words.ts'
import { linesOf, printable } from '../operation-words.ts'
import { unjudgedLine } from '../record.ts'
import { type Telling, tellingOf } from '../telling/telling.ts'
import { evidence } from '../terminal/evidence.ts'
import { drawRace } from '../terminal/race-lines.ts'
import { fileName, pageStyle, vacuousTexts } from '../terminal/run-page.ts'
import type { FoundFailure } from '../terminal/search-page.ts'
import { drawSequence } from '../terminal/sequence-diagram.ts'
import { plainStyle } from '../terminal/style.ts'
import { capitalised, nonEmpty } from '../words.ts'
import { mermaidOf } from './mermaid.ts'
import type {
  ComparisonSubject,
  FileSubject,
  RunSubject,
  SearchSubject,
  StorySubject,
  Subject,
  TroubleSubject,
} from './subject.ts'

/** The verdict on one subject in a few sentences, for all reporters. */
export interface Finding {
  /** `noted`: the result is not a success, but no expectation was missed. `passed` and `noted` have exit code 0. */
  readonly result: 'passed' | 'noted' | 'failed' | 'undecided' | 'troubled'
  readonly command: 'run' | 'check' | 'fuzz' | 'compare' | 'scenario'
  /** The name of the subject: `raft, 5 nodes`, or the name of a file. */
  readonly name: string
  /** What users lost, `106 acknowledged messages were lost`, or else the verdict. */
  readonly title: string
  /** `Not linearizable`. */
  readonly verdict: string
  /** The counterexample in a sentence, or the reason why the verdict is unknown; then the missed requirements. */
  readonly sentence: string
  /** A text about the expected level and the found level: `promised linearizable, found eventual`. */
  readonly expected: string
  /** The drawing of the counterexample, as lines of plain text. */
  readonly evidence: readonly string[]
  /** The counterexample as a Mermaid sequence diagram, unless it is too large. */
  readonly diagram: readonly string[]
  /** Warnings, trouble, and reasons why the verdict proves less than it seems to. */
  readonly notes: readonly string[]
  /**
   * The requests that the verdict does not cover, which are in the notes, too: `16 requests were forwarded, not
   * checked: GET /cache 16×`.
   */
  readonly unjudged: string
  /** Strongest first. */
  readonly levels: readonly { readonly level: string; readonly result: string; readonly reason: string }[]
  /** The history's path as typed in a command. */
  readonly file: string | undefined
  /** The line number in the history file where the blamed operation begins. */
  readonly line: number | undefined
  readonly operations: number
  readonly elapsedMs: number
  /** What happened, why, and what to do next, for a run or a file. */
  readonly telling?: Telling | undefined
  /** The command that reproduces the finding; undefined if there is none. */
  readonly again: string | undefined
  readonly exitCode: number
}

/**
 * Returns the findings on a subject. A run or a file has one finding. A search has one for each failure. A
 * comparison has one for each pair of a system and a fault. A story has one for each script that was run (`tellings`).
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
  ...judged({ history, report: summary.report, run: summary, again }, historyFile, exitCode),
  notes: [
    ...(summary.interrupted ? ['interrupted: what was recorded until then is checked'] : []),
    ...vacuousTexts(summary.vacuous),
    ...(summary.requirements ?? []).map(requirementText),
    ...summary.trouble,
    ...(summary.notes ?? []),
    ...(summary.views?.said ?? []),
    ...unjudgedNote(history),
  ].map(printable),
  unjudged: unjudgedLine(history),
  elapsedMs: summary.durationNanos / 1e6 + summary.timing.checkMs,
  again,
  exitCode,
})

const ofFile = ({ title, report, history, ...subject }: FileSubject): Finding => ({
  command: 'check',
  name: title,
  ...judged({ ...subject, report, history }, subject.file, subject.exitCode),
  notes: [
    ...vacuousTexts(subject.vacuous),
    ...(subject.requirements ?? []).map(requirementText),
    ...history.warnings,
    ...unjudgedNote(history),
  ].map(printable),
  unjudged: [...(history.cutOff === undefined ? [] : [printable(history.cutOff)]), ...unjudgedNote(history)].join('; '),
  elapsedMs: subject.parseMs + subject.checkMs,
  again: subject.again,
  exitCode: subject.exitCode,
})

const unjudgedNote = (history: History): readonly string[] => nonEmpty([unjudgedLine(history)])

const ofTrouble = ({ file, message, why, exitCode }: TroubleSubject): Finding => ({
  ...nothing,
  command: 'check',
  name: printable(file),
  result: why === 'stopped' ? 'undecided' : 'troubled',
  ...titled(why === 'stopped' ? 'Unknown' : 'Not checked'),
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
      ...titled(doubts.length === 0 ? 'Nothing found' : 'Nothing found, but little was proved'),
      sentence: printable(sentence),
      elapsedMs,
      exitCode,
    },
  ]
}

const ofFailure = (
  { title, sentence, trace, telling, steps, columns, race, seed, file, again, found, shrunk }: FoundFailure,
  { subject, elapsedMs }: SearchSubject['summary'],
  exitCode: number,
): Finding => ({
  ...nothing,
  command: 'fuzz',
  name: `${subject}, seed ${seed}`,
  result: resultOf(exitCode),
  title: telling === undefined || telling.what === '' ? capitalised(title) : printable(telling.what),
  verdict: capitalised(title),
  sentence: [sentence, ...(telling?.answers ?? []).map(([name, text]) => `${name}: ${text}`)].map(printable).join(' '),
  evidence: [
    ...trace.map(printable),
    ...(steps.length === 0 ? [] : drawSequence(steps, columns, PAGE)),
    ...(race === undefined ? [] : ['', ...drawRace(race, PAGE)]),
  ],
  operations: (shrunk ?? found).operations,
  file,
  elapsedMs,
  again,
  exitCode,
})

const titled = (title: string): Pick<Finding, 'title' | 'verdict'> => ({ title, verdict: title })

const nothing = {
  expected: '',
  evidence: [],
  diagram: [],
  notes: [],
  unjudged: '',
  levels: [],
  file: undefined,
  line: undefined,
  operations: 0,
  elapsedMs: 0,
  again: undefined,
} as const

function ofComparison({ comparison, elapsedMs }: ComparisonSubject): readonly Finding[] {
  const { systems } = comparison
  const runs = systems.reduce((sum, { cells }) => sum + cells.length, 0)
  return systems.flatMap((system) =>
    system.cells.map((cell): Finding => {
      const found = levelName(cell.level, comparison)
      return {
        ...nothing,
        command: 'compare',
        name: printable(`${system.name} under ${cell.condition}`),
        result: resultOfCell(cell),
        ...titled(capitalised(found)),
        sentence: [
          ...(cell.broken === undefined ? [] : [`${cell.broken.what}.`, cell.broken.sentence]),
          cellSentence(cell),
        ].join(' '),
        ...(cell.broken && { telling: cell.broken }),
        expected: cell.promised === 'nothing' ? '' : `promised ${levelName(cell.promised, comparison)}, found ${found}`,
        elapsedMs: elapsedMs / Math.max(1, runs),
        again: cell.again,
        exitCode: cell.kept === false ? EXIT.violated : cell.kept === 'unknown' ? EXIT.unknown : EXIT.met,
      }
    }),
  )
}

/**
 * Returns the result of a system under a condition. A system without a promise passes only if it lost nothing and is
 * linearizable or strict serializable.
 */
function resultOfCell({ kept, level, lost = 0 }: ComparedCell): Finding['result'] {
  if (kept === undefined) return isLinear(level) && lost === 0 ? 'passed' : 'noted'
  return kept === false ? 'failed' : kept === 'unknown' ? 'undecided' : 'passed'
}

const ofStory = ({ story, elapsedMs, again, exitCode }: StorySubject): readonly Finding[] =>
  story.tellings.map(({ title, ending, differences, verdicts }): Finding => {
    const isAsScripted = differences.length === 0
    return {
      ...nothing,
      command: 'scenario',
      name: `${story.name}: ${title}`,
      result: isAsScripted ? 'passed' : 'failed',
      ...titled(isAsScripted ? 'Ended as expected' : 'Did not end as expected'),
      sentence: isAsScripted ? ending : printable(differences.join('; ')),
      levels: verdicts.map(({ level, result }) => ({ level, result, reason: '' })),
      elapsedMs: elapsedMs / story.tellings.length,
      again,
      exitCode: isAsScripted ? EXIT.met : exitCode,
    }
  })

/** The style of drawings in findings. Its width suits a drawing and fits a line of a log. */
const PAGE = pageStyle(plainStyle, { width: 100, unicode: true })

function judged(input: FactsInput & { readonly again: string | undefined }, historyFile: string, exitCode: number) {
  const { history } = input
  const facts = factsOf(input)
  const { report, headline, counterexample: shown, violations, race, expected } = facts
  const accused = shown?.culprit ?? shown?.operations.at(-1)?.operation
  return {
    operations: operationsIn(history),
    file: historyFile,
    expected,
    result: exitCode === EXIT.met && headline.mood !== 'good' ? ('noted' as const) : resultOf(exitCode),
    title: headline.title,
    verdict: headline.verdict,
    telling: tellingOf(facts, input),
    sentence: sentenceOf(history, facts),
    evidence: [
      ...violations.slice(0, 1).flatMap((first) => evidence(history, first, facts, fileName(historyFile), PAGE)),
      ...(race === undefined ? [] : ['', ...drawRace(race, PAGE)]),
    ],
    diagram: mermaidOf(history, facts),
    levels:
      report === undefined
        ? []
        : judgedLevels(report).map((level) => ({
            level,
            result: verdictOf(report, level).result,
            reason: headline.despite?.level === level ? headline.despite.because : why(report, level, violations),
          })),
    line: accused === undefined ? undefined : linesOf(history, accused)[0],
  }
}

function sentenceOf(history: History, facts: Facts): string {
  const { counterexample: shown, isAside, headline, missed, vacuous } = facts
  const why = headline.verdict === INCONCLUSIVE ? vacuous : []
  const texts =
    // If `isAside` is true, the counterexample violates only a level that is stronger than the judged level. The texts
    // then do not describe the counterexample.
    shown === undefined || isAside
      ? [...missed, headline.beside, ...why]
      : [sentenceText(history, shown, facts.why), ...missed]
  return printable(nonEmpty(texts).join('; '))
}

function why(report: Report<string>, level: string, violations: readonly Violation[]): string {
  const verdict = verdictOf(report, level)
  if (verdict.result === 'met') return verdict.witness.kind === 'implied' ? `follows from ${verdict.witness.by}` : ''
  if (verdict.result === 'unknown') return printable(reasonText(level, verdict.reason.text))
  const cause = violations.find(({ others }) => others.includes(level))
  return cause === undefined
    ? printable(verdict.counterexample.sentence)
    : `by the same operations as ${cause.counterexample.level}`
}

function resultOf(exitCode: number): Finding['result'] {
  if (exitCode === EXIT.met) return 'passed'
  if (exitCode === EXIT.violated) return 'failed'
  return exitCode === EXIT.unknown || exitCode === EXIT.interrupted ? 'undecided' : 'troubled'
}
