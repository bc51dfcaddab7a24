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
  const output = outputOf(history, culprit)
  const found = Array.isArray(output) ? output : []
  const { returnEvent, callEvent } = history.operations
  let missed = 0
  for (const row of acknowledged(history, culprit)) {
    const at = (offsetOf(history, row) ?? -1) - from
    if (at < 0 || (returnEvent[row] ?? 0) >= (callEvent[culprit] ?? 0)) continue
    if (at < found.length && JSON.stringify(found[at]) !== JSON.stringify(inputOf(history, row)))
      return { title: `Offset ${from + at} of ${log} holds another message than was acknowledged` }
    if (at >= found.length && at < limit) missed++
  }
  return missed === 0 ? undefined : { title: `A poll of ${log} missed ${plural(missed, 'acknowledged message')}` }
}

/** Sends to the same log that were. */
function acknowledged(history: History, culprit: number): readonly number[] {
  const { key, outcome, length } = history.operations
  const rows: number[] = []
  for (let row = 0; row < length; row++)
    if (key[row] === key[culprit] && outcome[row] === OK && !tells(history, row)) rows.push(row)
  return rows
}

/** What a poll asked for: from an offset, at most so many. */
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
