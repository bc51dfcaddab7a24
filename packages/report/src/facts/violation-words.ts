import { type Counterexample, isolationLadder, levels, type OperationRow, type Uncut } from '@chaosproxy/checker'
import { count, type History, hasTimes, moment, operationsIn } from '@chaosproxy/history'
import { adjective } from '../level-words.ts'
import { misreadText } from '../losses/bank.ts'
import { reproach } from '../moments.ts'
import {
  answerText,
  callTimeOf,
  clientOfInWords,
  linesOf,
  mayReturnValue,
  nameText,
  nodeOf,
  printable,
  requestText,
  rowsOf,
} from '../operation-words.ts'
import { cited, linesText } from '../places.ts'
import { capitalised, listed, listedAtMost, sentences } from '../words.ts'
import type { NearFault } from './near-faults.ts'
import type { Violation } from './violations.ts'
import type { Why } from './why.ts'

/** Returns a small number as a word, which is faster to read. */
const inWords = (value: number): string =>
  ['no', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'][value] ?? count(value)

/** The most keys to name in a title. */
const MOST_KEYS = 4

/**
 * Returns the title of a violation: `Why it is not linearizable, in three operations of 58,113, key "x", during
 * partition {n1 | n2 n3}`.
 */
export function whyTitle(
  history: History,
  { counterexample, others }: Violation,
  { near = [], isAside = false }: { readonly near?: readonly NearFault[]; readonly isAside?: boolean } = {},
): string {
  const keys = counterexample.keys.map((key) => quotedName(nameText(key)))
  const around = [...new Set(near.map(({ short }) => short))]
  return [
    headingText(history, counterexample, others, isAside),
    keys.length === 0 ? [] : `${keys.length === 1 ? 'key' : 'keys'} ${listedAtMost(keys, MOST_KEYS)}`,
    around.length === 0
      ? []
      : `${near.every(({ isOver }) => isOver) ? 'after' : 'during'} ${listed(around.slice(0, 2))}${around.length > 2 ? ' and more' : ''}`,
  ]
    .flat()
    .join(', ')
}

/** Returns a name in quotes. A key that is a text and looks like a number already has quotes in its name. */
const quotedName = (name: string): string => (/^".*"$/.test(name) ? name : `"${name}"`)

/**
 * Returns the beginning of the title: `Why it is not linearizable, in three operations of 58,113`, or `Write skew in
 * two transactions of 60`.
 */
function headingText(
  history: History,
  { level, story, operations }: Counterexample,
  others: readonly string[],
  isAside: boolean,
): string {
  const shown = operations.length
  const among = shown === operationsIn(history) ? '' : ` of ${count(operationsIn(history))}`
  const sized = (unit: string): string => `in ${inWords(shown)} ${unit}${shown === 1 ? '' : 's'}${among}`
  return story?.name === undefined
    ? `Why it is not ${brokenText(level, others)}${isAside ? ' (it need not be)' : ''}, ${sized('operation')}`
    : `${capitalised(story.name)}${isAside ? ' (which is allowed)' : ''} ${sized('transaction')}`
}

/**
 * Returns the name of the violated level, for use after `not`. If a stronger level is violated too, its name comes
 * first: `linearizable, nor even causally consistent`.
 */
function brokenText(level: string, others: readonly string[]): string {
  const rankOf = (name: string): number => (levels as readonly string[]).indexOf(name)
  const stronger = others.find((other) => rankOf(other) !== -1 && rankOf(other) < rankOf(level))
  return stronger === undefined ? adjective(level) : `${adjective(stronger)}, nor even ${adjective(level)}`
}

/** Cites the lines of a counterexample: `history.jsonl, lines 24,021–24,026`. */
export function citation(history: History, counterexample: Counterexample, file: string): string {
  const lines = [...new Set(rowsOf(counterexample).flatMap((operation) => linesOf(history, operation)))]
  return history.files === undefined || lines.length === 0 ? cited(file, lines) : linesText(history, lines)
}

/** Returns what happened, and why if it is known. */
export const sentenceText = (history: History, counterexample: Counterexample, why: Pick<Why, 'text'>): string =>
  sentences(storyOf(history, counterexample), why.text)

/** A longer sentence would take more than two lines of a page. */
const LONG_STORY = 190

/**
 * Returns what happened in at most two lines. A long story is reduced to the impossible answer and what makes it
 * impossible.
 */
export function storyOf(history: History, counterexample: Counterexample): string {
  const { culprit, sentence, balance } = counterexample
  // Do not shorten a cycle: only the full list of what each transaction did explains it.
  if (sentence.length <= LONG_STORY || counterexample.transactions !== undefined) return printable(sentence)
  const shows = culprit === undefined ? undefined : misreadText(history, culprit)
  if (balance !== undefined) {
    // The sentence about an overdrawn account explains the violation by itself.
    if (balance.overdrawn !== undefined) return printable(balance.sentence)
    const before =
      culprit === undefined || shows === undefined
        ? ''
        : `${capitalised(culpritRequestText(history, counterexample, culprit))} showed ${shows}.`
    return sentences(printable(balance.sentence), before)
  }
  // No single part of a cycle explains the violation.
  if (culprit === undefined) return printable(sentence)
  if (shows !== undefined)
    return `${capitalised(culpritRequestText(history, counterexample, culprit))} showed ${shows}.`
  const because = reproach(history, counterexample)
  if (because === undefined && counterexample.edges === undefined) return printable(sentence)
  // The last clause of the sentence is about the impossible answer.
  if (because === undefined) return `${(printable(sentence).split(/[:;] /).at(-1) ?? '').replace(/\.$/, '')}.`
  const request = capitalised(culpritRequestText(history, counterexample, culprit))
  return `${request} returned ${answerText(history, culprit)}, though ${because.text}.`
}

function culpritRequestText(history: History, { keys }: Counterexample, culprit: OperationRow): string {
  const node = nodeOf(history, culprit)
  const when = hasTimes(history) ? ` at ${moment(callTimeOf(history, culprit))}` : ''
  const where = node === undefined ? '' : ` ${mayReturnValue(history, culprit) ? 'from' : 'at'} ${nameText(node)}`
  return `${clientOfInWords(history, culprit)}'s ${requestText(history, culprit, { withKey: keys.length > 1 })}${where}${when}`
}

/**
 * Names other violated levels: `Sequential, causal and session forbid it, too.` For transactions, names only the
 * weakest.
 */
export function alsoForbiddenBy({ counterexample: { level, story }, others }: Violation): string {
  if (story === undefined)
    return others.length === 0
      ? ''
      : `${capitalised(listed(others))} ${others.length === 1 ? 'forbids' : 'forbid'} it, too.`
  if (
    (story.refusedBy === level && others.length === 0) ||
    !(isolationLadder.levels as readonly string[]).includes(story.refusedBy)
  )
    return ''
  return `Refused by ${story.refusedBy}${story.refusedBy === isolationLadder.levels[0] ? '' : ' and every stronger level'}.`
}

/** Describes a violation: `Not causally consistent: p1 wrote …`. */
export const violationText = ({ level, sentence }: Counterexample): string =>
  `Not ${adjective(level)}: ${printable(sentence)}`

const whys: { readonly [why in Uncut['why']]: string } = {
  time: 'The search for a smaller explanation ran out of time.',
  memory: 'The search for a smaller explanation ran out of memory.',
  size: 'The smallest explanation found is too long to be shown.',
  unasked: 'No smaller explanation was searched for.',
}

/** Returns why a counterexample may not be minimal. */
export function uncutText({ uncut, operations }: Counterexample): string | undefined {
  if (uncut === undefined) return undefined
  const { why, among, standsAlone } = uncut
  const shown = `${operations.length === 1 ? 'This is one' : `These are ${count(operations.length)}`} of the ${count(among)} operations in which the violation was found`
  const themselves = operations.length === 1 ? 'itself' : 'themselves'
  const alone = `and ${standsAlone ? '' : 'may not be '}a violation by ${themselves}`
  return `${whys[why]} ${shown}, ${alone}.`
}
