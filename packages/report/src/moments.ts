import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { duration, elementsOf, type History, hasTimes, inputOf, type Json, moment, outputOf } from '@chaosproxy/history'
import { disagreementOf } from './disagreement.ts'
import { type DoubleHolding, doubleHolding, unreleasedBefore } from './holdings.ts'
import {
  answeredText,
  answerText,
  byReturn,
  callTimeOf,
  clientOfInWords,
  coreOf,
  effectOf,
  functionOf,
  isOk,
  isRead,
  isTaking,
  printable,
  requestText,
  returnEventOf,
  returnTimeOf,
  rowsOf,
  spendsFrom,
  wasBefore,
  writtenText,
} from './operation-words.ts'
import { timesText } from './words.ts'

/** Why an operation is impossible. `by`: the earlier operation that makes it impossible. */
interface Reproach {
  readonly by: OperationRow
  readonly text: string
}

function heldReproach(history: History, { first }: DoubleHolding): Reproach {
  const holder = clientOfInWords(history, first.acquire)
  const until =
    first.release === undefined || !hasTimes(history) ? '' : ` until ${moment(callTimeOf(history, first.release))}`
  return { by: first.acquire, text: `${holder} held the lock${until}` }
}

function refusedReproach(history: History, acquire: OperationRow, refused: OperationRow): Reproach {
  const at = hasTimes(history) ? ` at ${moment(callTimeOf(history, refused))}` : ''
  return { by: acquire, text: `${clientOfInWords(history, acquire)}'s release${at} failed` }
}

/**
 * Returns why a repetition in the result of `culprit` is wrong: another operation had already received the message, or
 * a read shows an element more than once. Undefined if `culprit` repeats nothing.
 */
function repeatedReproach(
  history: History,
  counterexample: Counterexample,
  culprit: OperationRow,
): Reproach | undefined {
  const others = rowsOf(counterexample).filter((row) => row !== culprit && isOk(history, row))
  const answer = outputOf(history, culprit)
  if (isTaking(history, culprit) && answer !== null) {
    const text = takenText(history, culprit)
    const sent = others.filter((row) => !isTaking(history, row) && writtenText(history, row) === text)
    const before = others
      .filter((row) => isTaking(history, row) && takenText(history, row) === text)
      .filter((row) => returnEventOf(history, row) < returnEventOf(history, culprit))
      .sort(byReturn(history))
      .at(-1)
    if (before === undefined || sent.length !== 1) return undefined
    return { by: before, text: `${clientOfInWords(history, before)} had been given it` }
  }
  if (effectOf(history, culprit) === 'drains' && Array.isArray(answer)) {
    const before = others.filter((row) => wasBefore(history, row, culprit))
    return drainedAgain(history, before, answer)
  }
  const elements = isRead(history, culprit) ? elementsOf(answer) : undefined
  if (elements === undefined) return undefined
  const seen = new Set<string>()
  const texts = elements.map((each) => JSON.stringify(each))
  const twice = texts.find((text) => seen.size === seen.add(text).size)
  const often = timesText(texts.filter((text) => text === twice).length)
  const by = others.find((row) => functionOf(history, row) === 'add' && writtenText(history, row) === twice)
  return twice === undefined || by === undefined ? undefined : { by, text: `${printable(twice)} is in it ${often}` }
}

/** Returns the earlier delivery of a message that was drained again, although it was sent only once. */
function drainedAgain(
  history: History,
  others: readonly OperationRow[],
  drained: readonly Json[],
): Reproach | undefined {
  for (const message of drained) {
    const text = JSON.stringify(message)
    const sent = others.filter((row) => !isTaking(history, row) && writtenText(history, row) === text)
    const taker = others.find((row) => isTaking(history, row) && takenText(history, row) === text)
    if (taker === undefined || sent.length !== 1) continue
    const who = clientOfInWords(history, taker)
    return { by: taker, text: `${who} had been given ${printable(text)}` }
  }
  return undefined
}

/** Returns the message in an answer, as JSON. Leaves out the receipt in the answer of a `take`. */
function takenText(history: History, row: OperationRow): string {
  const answer = outputOf(history, row)
  const message = functionOf(history, row) === 'take' && Array.isArray(answer) ? (answer[0] as Json) : answer
  return JSON.stringify(message)
}

/**
 * Describes the earlier operation that makes the culprit's result impossible. Of several such operations, this is the
 * last one to return.
 */
export function reproach(history: History, counterexample: Counterexample): Reproach | undefined {
  const culprit = counterexample.culprit
  if (culprit === undefined || counterexample.edges !== undefined) return undefined
  const held = doubleHolding(history, counterexample)
  if (held !== undefined) return heldReproach(history, held)
  const unreleased = unreleasedBefore(history, counterexample)
  if (unreleased?.release !== undefined) return refusedReproach(history, unreleased.acquire, unreleased.release)
  const repeated = repeatedReproach(history, counterexample, culprit)
  if (repeated !== undefined) return repeated
  // If the culprit takes money from an account, only earlier payments from this account can have left too little.
  const spent = spendsFrom(history, culprit)
  const before = coreOf(counterexample)
    .filter((operation) => operation !== culprit && isOk(history, operation))
    .filter((operation) => wasBefore(history, operation, culprit) && !explains(history, operation, culprit))
    .filter((operation) => spent === undefined || spendsFrom(history, operation) === spent)
    .sort(byReturn(history))
    .at(-1)
  if (before === undefined) return undefined
  const gap = callTimeOf(history, culprit) - returnTimeOf(history, before)
  const when = hasTimes(history) ? `${duration(gap)} before` : 'before'
  const what = requestText(history, before, { withKey: false })
  const change = isRead(history, before)
    ? `${clientOfInWords(history, before)} had read ${answerText(history, before)}`
    : `${what} was acknowledged`
  const text = `${change} ${when} this ${printable(functionOf(history, culprit))} began`
  return { by: before, text: [text, ...laterSight(history, counterexample)].join(', and ') }
}

/** Describes the second of two reads that saw overlapping writes in different orders. */
function laterSight(history: History, counterexample: Counterexample): readonly string[] {
  const found = disagreementOf(history, counterexample)
  if (found === undefined) return []
  const { other, seen } = found
  const reader = clientOfInWords(history, other)
  const acknowledged = requestText(history, seen, { withKey: false })
  return [`${reader} read ${answerText(history, other)} after ${acknowledged} was acknowledged`]
}

/**
 * Whether the answer of `read` contains the value that `write` wrote or added. Such a write does not contradict the
 * answer. Also returns true for a watch, because a watch contradicts no answer.
 */
const explains = (history: History, write: OperationRow, read: OperationRow): boolean =>
  functionOf(history, write) === 'watch' ||
  (!isRead(history, write) &&
    (((isRead(history, read) || isTaking(history, read)) &&
      writtenText(history, write) ===
        (isTaking(history, read) ? takenText(history, read) : answeredText(history, read))) ||
      showsAdded(history, write, read) ||
      showsAppended(history, write, read)))

/** Whether a text that was read contains an appended text. */
function showsAppended(history: History, append: OperationRow, read: OperationRow): boolean {
  const [text, whole] = [inputOf(history, append), outputOf(history, read)]
  return (
    functionOf(history, append) === 'append' &&
    typeof text === 'string' &&
    typeof whole === 'string' &&
    whole.includes(text)
  )
}

function showsAdded(history: History, add: OperationRow, read: OperationRow): boolean {
  const added = writtenText(history, add)
  // A poll returns pairs of an offset and a message.
  const shows = (each: Json): boolean =>
    JSON.stringify(each) === added || (Array.isArray(each) && each.length === 2 && JSON.stringify(each[1]) === added)
  return (
    ['adds', 'appends'].includes(effectOf(history, add) ?? '') &&
    elementsOf(outputOf(history, read))?.some(shows) === true
  )
}
