import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { count, type History, operationsIn } from '@chaosproxy/history'
import type { FaultSpan } from '@chaosproxy/runner/result'
import { type NearFault, nearFaults } from '../facts/near-faults.ts'
import type { Violation } from '../facts/violations.ts'
import { type Wire, wireLines } from '../facts/wire.ts'
import { adjective, alsoForbiddenBy } from '../level-words.ts'
import { hasTimes, reproach } from '../moments.ts'
import {
  answerText,
  linesOf,
  nameText,
  nodeOf,
  printable,
  processInWords,
  requestText,
  tells,
} from '../operation-words.ts'
import { uncutText } from '../uncut-words.ts'
import { capitalised, lineList, listed, moment } from '../words.ts'
import { type Brevity, whole } from './brevity.ts'
import { drawCounterexample } from './drawing.ts'
import type { Style, Symbols } from './style.ts'
import { wrap } from './width.ts'

export interface PageStyle {
  readonly width: number
  readonly style: Style
  readonly symbols: Symbols
  /** By default nothing is left out. */
  readonly brevity?: Brevity | undefined
}

/** `four`: small numbers read faster as words. */
const inWords = (value: number): string =>
  ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'][value] ?? count(value)

/** The most keys to name in a title. */
const MOST_KEYS = 4

/** `Why, in three operations of 58,113, key "x", during partition {n1 | n2 n3}:` */
export function whyTitle(history: History, counterexample: Counterexample, near: readonly NearFault[]): string {
  const shown = counterexample.operations.length
  const keys = counterexample.keys.slice(0, MOST_KEYS + 1).map((key) => `"${nameText(key)}"`)
  const around = [...new Set(near.map(({ label }) => label))]
  return [
    `Why it is not ${adjective(counterexample.level)}, in ${inWords(shown)} operation${shown === 1 ? '' : 's'}${shown === operationsIn(history) ? '' : ` of ${count(operationsIn(history))}`}`,
    keys.length === 0
      ? []
      : `${keys.length === 1 ? 'key' : 'keys'} ${keys.length > MOST_KEYS ? `${keys.slice(0, MOST_KEYS).join(', ')} and ${count(counterexample.keys.length - MOST_KEYS)} more` : listed(keys)}`,
    around.length === 0 ? [] : `during ${listed(around.slice(0, 2))}${around.length > 2 ? ' and more' : ''}`,
  ]
    .flat()
    .join(', ')
}

const linesOfAll = (history: History, operations: readonly OperationRow[]): number[] =>
  operations.flatMap((operation) => linesOf(history, operation))

/** `history.jsonl, lines 24,021–24,026`; `history.jsonl:24021` for a single line. */
export function citation(history: History, counterexample: Counterexample, file: string): string {
  const lines = [
    ...new Set(
      linesOfAll(
        history,
        counterexample.operations.map(({ operation }) => operation),
      ),
    ),
  ]
  if (lines.length === 0) return file
  return lines.length === 1 ? `${file}:${lines[0]}` : `${file}, ${lineList(lines)}`
}

/** What happened, what the most telling fault has to do with it, and whether the change had reached the node. */
export const sentenceText = ({ sentence }: Counterexample, near: readonly NearFault[], wire?: Wire): string =>
  [printable(sentence), causeText(near, wire)].filter((text) => text !== '').join(' ')

const causeText = (near: readonly NearFault[], wire: Wire | undefined): string =>
  [near[0]?.relation ?? '', wire?.sentence ?? ''].filter((text) => text !== '').join(' ')

/** A sentence longer than this takes more than two lines of a page. */
const LONG_SENTENCE = 200

/** As `sentenceText`, in two lines: of a long story only the answer that cannot be, and what makes it impossible. */
export function shortSentence(
  history: History,
  counterexample: Counterexample,
  near: readonly NearFault[],
  wire?: Wire,
): string {
  const { culprit, sentence } = counterexample
  const whole = sentenceText(counterexample, near, wire)
  if (whole.length <= LONG_SENTENCE) return whole
  const because = reproach(history, counterexample)
  const relation = causeText(near, wire)
  if (culprit === undefined || because === undefined) {
    const clauses = printable(sentence).split(/[:;] /)
    // A cycle that is told as a story ends with the answer that cannot be.
    const telling = (culprit === undefined ? clauses[0] : clauses.at(-1)) ?? ''
    return [`${telling.replace(/\.$/, '')}.`, relation].filter((text) => text !== '').join(' ')
  }
  const node = nodeOf(history, culprit)
  const { process, callTime } = history.operations
  const when = hasTimes(history) ? ` at ${moment(callTime[culprit] ?? 0)}` : ''
  const where = node === undefined ? '' : ` ${tells(history, culprit) ? 'from' : 'at'} ${nameText(node)}`
  const withKey = counterexample.keys.length > 1
  const asked = `${processInWords(history, process[culprit] ?? 0)}: ${requestText(history, culprit, { withKey })}`
  return [`${asked}${where}${when} → ${answerText(history, culprit)}.`, `${capitalised(because.text)}.`, relation]
    .filter((text) => text !== '')
    .join(' ')
}

/** The contradiction drawn, in a sentence, and cited. Lines without the page's margin. */
export function evidence(
  history: History,
  { counterexample, others }: Violation,
  spans: readonly FaultSpan[],
  file: string,
  page: PageStyle,
  wire?: Wire,
): string[] {
  const { style, brevity = whole } = page
  const inner = { ...page, width: page.width - 2, listed: brevity.picture }
  const near = nearFaults(history, counterexample, spans)
  return [
    ...wrap(`${whyTitle(history, counterexample, near)}:`, page.width).map((line) => style.bold(line)),
    '',
    ...drawCounterexample(history, counterexample, near, inner).map((line) => `  ${line}`),
    ...near.map(({ text }, i) => style.dim(`${i === 0 ? '\n' : ''}  ${style.yellow(page.symbols.shade)} ${text}`)),
    ...wireLines(wire).map((text, i) =>
      style.dim(`${i === 0 && near.length === 0 ? '\n' : ''}  ${page.symbols.bullet} ${text}`),
    ),
    '',
    ...wrap(
      capitalised(
        brevity.others ? shortSentence(history, counterexample, near, wire) : sentenceText(counterexample, near, wire),
      ),
      page.width,
    ),
    ...wrap(alsoForbiddenBy(others), page.width).filter((line) => line !== ''),
    ...noteOf(counterexample, page),
    ...wrap(citation(history, counterexample, file), page.width).map((line) => style.dim(line)),
  ].flatMap((line) => line.split('\n'))
}

const noteOf = (counterexample: Counterexample, { width, style }: PageStyle): string[] => {
  const note = uncutText(counterexample)
  return note === undefined ? [] : wrap(note, width).map((line) => style.yellow(line))
}

/** A sentence for each cause other than the one that was drawn; in brief, for that of the weakest level. */
export function otherViolations(
  history: History,
  [, ...others]: readonly Violation[],
  file: string,
  { width, style, brevity = whole }: PageStyle,
): string[] {
  const told = brevity.others ? others.slice(-1) : others
  return told.flatMap(({ counterexample, others: levels }) => {
    const said = brevity.others
      ? `Not even ${adjective(counterexample.level)}: ${shortSentence(history, counterexample, [])}`
      : violationText(counterexample)
    const text = [said, alsoForbiddenBy(levels)].filter((part) => part !== '').join(' ')
    return ['', ...wrap(text, width), style.dim(citation(history, counterexample, file))]
  })
}

/** `Not causally consistent: p1 wrote …`. */
export const violationText = ({ level, sentence }: Counterexample): string =>
  `Not ${adjective(level)}: ${printable(sentence)}`
