import type { OperationRow } from '@chaosproxy/checker'
import { FAIL, type History, inputOf, OK, outputOf } from '@chaosproxy/history'
import { clientOf, functionOf, isRead, keyOf, missedText, ofKey, rowsOf, wasBefore } from '../operation-words.ts'
import type { SheetInput } from '../sheets/sheet.ts'
import type { Loss } from './loss.ts'
import { rowsOfKey } from './replaced.ts'

/**
 * Finds the loss of appends: a read that misses acknowledged appends, or that does not begin with the text which an
 * earlier read found.
 */
export function appendLoss({ history, counterexample: { culprit, operations } }: SheetInput): Loss | undefined {
  const { outcome, callEvent, returnEvent } = history.operations
  if (culprit === undefined || !isRead(history, culprit) || outcome[culprit] !== OK) return undefined
  const rows = rowsOfKey(history, culprit, (row) => functionOf(history, row) === 'append')
  const ended = returnEvent[culprit] ?? 0
  const appended = (rows ?? []).filter(
    (row) => !isRead(history, row) && outcome[row] !== FAIL && (callEvent[row] ?? 0) < ended,
  )
  if (rows === undefined || appended.length === 0) return undefined
  const text = textOf(history, culprit)
  const reader = clientOf(history, culprit)
  const to = ofKey('to', keyOf(history, culprit))
  const before = rows.filter((row) => outcome[row] === OK && wasBefore(history, row, culprit))
  const missing = before.findLast((row) => !isRead(history, row) && !text.includes(asText(inputOf(history, row))))
  if (missing !== undefined)
    return {
      claim: { claim: 'missing', known: missing, read: culprit },
      title: missedText(history, { change: missing, read: culprit }, `append${to}`),
    }
  const earlier = before.findLast((row) => isRead(history, row) && !text.startsWith(textOf(history, row)))
  if (earlier !== undefined && textOf(history, earlier).startsWith(text)) {
    const client = clientOf(history, earlier)
    return {
      title:
        client === reader
          ? `${reader}'s reads went back in time`
          : `${reader} did not see an append${to} that ${client} had already read`,
    }
  }
  const reads = rowsOf({ operations }).filter((row) => isRead(history, row) && outcome[row] === OK)
  const other = earlier ?? reads.find((row) => isOtherOrder(textOf(history, row), text))
  const pieces = [history.header?.initial ?? '', ...appended.map((row) => inputOf(history, row))].map(asText).join('')
  const isOfAppends = (seen: string): boolean =>
    seen.length <= pieces.length && [...seen].every((each) => pieces.includes(each))
  if (other === undefined || ![other, culprit].every((row) => isOfAppends(textOf(history, row)))) return undefined
  const client = clientOf(history, other)
  return {
    title:
      client === reader
        ? `${reader} saw the appends${to} in two orders`
        : `${client} and ${reader} saw the appends${to} in different orders`,
  }
}

const isOtherOrder = (one: string, other: string): boolean => !one.startsWith(other) && !other.startsWith(one)

const textOf = (history: History, read: OperationRow): string => asText(outputOf(history, read))

const asText = (value: unknown): string =>
  value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)
