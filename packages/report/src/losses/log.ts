import { type History, inputOf, type Json, OK, outputOf, plural } from '@chaosproxy/history'
import { nameText, offsetOf, tells } from '../operation-words.ts'
import type { FindLoss, Loss } from './loss.ts'

/** `Offset 29 of log k was given to two messages`, or messages that a poll missed. */
export const logLoss: FindLoss = ({ history, counterexample: { culprit, keys } }) => {
  if (culprit === undefined || history.operations.outcome[culprit] !== OK) return undefined
  const [key] = keys
  const log = key === undefined ? 'the log' : `log ${nameText(key, 24)}`
  return tells(history, culprit) ? missedBy(history, culprit, log) : givenTwice(history, culprit, log)
}

function givenTwice(history: History, culprit: number, log: string): Loss | undefined {
  const offset = offsetOf(history, culprit)
  if (offset === undefined) return undefined
  const other = acknowledged(history, culprit).some((row) => row !== culprit && offsetOf(history, row) === offset)
  return other ? { title: `Offset ${offset} of ${log} was given to two messages` } : undefined
}

function missedBy(history: History, culprit: number, log: string): Loss | undefined {
  const { from, limit } = rangeOf(inputOf(history, culprit))
  const { returnEvent, callEvent } = history.operations
  const rows = acknowledged(history, culprit).filter((row) => {
    const isEarlier = (returnEvent[row] ?? 0) < (callEvent[culprit] ?? 0)
    return isEarlier && (offsetOf(history, row) ?? -1) >= from
  })
  const found = entriesOf(history, culprit, rows)
  const texts = new Set(found.map(({ text }) => text))
  const other = found.find(
    ({ offset, text }) =>
      offset !== undefined &&
      rows.some((row) => offsetOf(history, row) === offset && JSON.stringify(inputOf(history, row)) !== text),
  )
  if (other !== undefined)
    return { title: `Offset ${other.offset} of ${log} holds another message than was acknowledged` }
  const isFound = (row: number): boolean => texts.has(JSON.stringify(inputOf(history, row)))
  const last = Math.max(from, ...rows.filter(isFound).map((row) => offsetOf(history, row) ?? from))
  const missing = rows.filter((row) => !isFound(row))
  const missed =
    found.length < limit
      ? Math.min(missing.length, limit - found.length)
      : missing.filter((row) => (offsetOf(history, row) ?? from) < last).length
  return missed === 0 ? undefined : { title: `A poll of ${log} missed ${plural(missed, 'acknowledged message')}` }
}

/** What a poll returned: values, or pairs of offset and value if nothing that was sent is such a pair. */
function entriesOf(
  history: History,
  culprit: number,
  sent: readonly number[],
): readonly { readonly offset: number | undefined; readonly text: string }[] {
  const output = outputOf(history, culprit)
  const read: readonly Json[] = Array.isArray(output) ? output : []
  const texts = new Set(sent.map((row) => JSON.stringify(inputOf(history, row))))
  const arePairs = read.every(
    (each) =>
      Array.isArray(each) && each.length === 2 && typeof each[0] === 'number' && !texts.has(JSON.stringify(each)),
  )
  return read.map((each) =>
    arePairs && Array.isArray(each)
      ? { offset: Number(each[0]), text: JSON.stringify(each[1]) }
      : { offset: undefined, text: JSON.stringify(each) },
  )
}

/** Acknowledged sends to the same log. */
function acknowledged(history: History, culprit: number): readonly number[] {
  const { key, outcome, length } = history.operations
  const rows: number[] = []
  for (let row = 0; row < length; row++)
    if (key[row] === key[culprit] && outcome[row] === OK && !tells(history, row)) rows.push(row)
  return rows
}

/** What a poll asked for: a number of messages from an offset. */
function rangeOf(value: Json): { readonly from: number; readonly limit: number } {
  const { offset = value, limit } =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as { offset?: Json; limit?: Json })
      : {}
  return {
    from: typeof offset === 'number' ? offset : 0,
    limit: typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY,
  }
}
