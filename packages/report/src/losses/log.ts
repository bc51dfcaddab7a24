import type { OperationRow } from '@chaosproxy/checker'
import { entriesIn, offsetsByRow, rangeOf } from '@chaosproxy/checker/effects'
import { type History, inputOf, outputOf, plural } from '@chaosproxy/history'
import { functionOf, isOk, mayReturnValue, nameText, wasBefore } from '../operation-words.ts'
import { acknowledgedOn } from '../sheets/sheet.ts'
import type { FindLoss, Loss } from './loss.ts'

/** Finds the loss of a log: `Offset 29 of log k was given to two messages`, or messages that a poll missed. */
export const logLoss: FindLoss = ({ history, counterexample: { culprit, keys } }) => {
  if (culprit === undefined || !isOk(history, culprit)) return undefined
  const [key] = keys
  const log = key === undefined ? 'the log' : `log ${nameText(key, 24)}`
  if (!mayReturnValue(history, culprit)) return givenTwice(history, culprit, log)
  const { otherAt, missed } = missedBy(history, culprit)
  if (otherAt !== undefined) return { title: `Offset ${otherAt} of ${log} holds another message than was acknowledged` }
  return missed === 0
    ? undefined
    : { title: `A ${functionOf(history, culprit)} of ${log} missed ${plural(missed, 'acknowledged message')}` }
}

function givenTwice(history: History, culprit: OperationRow, log: string): Loss | undefined {
  const offsetOf = offsetsByRow(history)
  const offset = offsetOf(culprit)
  if (offset === undefined) return undefined
  const other = acknowledged(history, culprit).some((row) => row !== culprit && offsetOf(row) === offset)
  return other ? { title: `Offset ${offset} of ${log} was given to two messages` } : undefined
}

/** Returns the number of acknowledged messages that a read missed, and an offset at which it found another message. */
export function missedBy(
  history: History,
  culprit: OperationRow,
): { readonly otherAt: number | undefined; readonly missed: number } {
  const { from, limit = Number.POSITIVE_INFINITY } = rangeOf({ value: inputOf(history, culprit) })
  const offsetOf = offsetsByRow(history)
  const rows = acknowledged(history, culprit).filter(
    (row) => wasBefore(history, row, culprit) && (offsetOf(row) ?? -1) >= from,
  )
  const sent = new Map(rows.map((row) => [row, JSON.stringify(inputOf(history, row))]))
  const found = (entriesIn(history)(outputOf(history, culprit)) ?? []).map(({ offset, value }) => {
    return { offset, text: JSON.stringify(value) }
  })
  const texts = new Set(found.map(({ text }) => text))
  const otherAt = found.find(
    ({ offset, text }) =>
      offset !== undefined && rows.some((row) => offsetOf(row) === offset && sent.get(row) !== text),
  )?.offset
  const isFound = (row: OperationRow): boolean => texts.has(sent.get(row) ?? '')
  const last = Math.max(from, ...rows.filter(isFound).map((row) => offsetOf(row) ?? from))
  const missing = rows.filter((row) => !isFound(row))
  const missed =
    found.length < limit
      ? Math.min(missing.length, limit - found.length)
      : missing.filter((row) => (offsetOf(row) ?? from) < last).length
  return { otherAt, missed }
}

const acknowledged = (history: History, culprit: OperationRow): readonly OperationRow[] =>
  acknowledgedOn(history, culprit).filter((row) => !mayReturnValue(history, row))
