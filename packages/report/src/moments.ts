import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import { duration, type History, OK } from '@chaosproxy/history'
import { lastTime } from '@chaosproxy/runner/result'
import { type DoubleHolding, doubleHolding } from './holdings.ts'
import { answerText, functionOf, isRead, printable, processInWords, requestText } from './operation-words.ts'
import { moment } from './words.ts'

/** Whether a history has real times. Without them its times are event positions, which give only the order. */
export const hasTimes = (history: History): boolean => lastTime(history) > history.eventCount

function heldReproach(
  history: History,
  { first }: DoubleHolding,
): { readonly by: OperationRow; readonly text: string } {
  const { process, callTime } = history.operations
  const holder = processInWords(history, process[first.acquire] ?? 0)
  const until =
    first.release === undefined || !hasTimes(history) ? '' : ` until ${moment(callTime[first.release] ?? 0)}`
  return { by: first.acquire, text: `${holder} held the lock${until}` }
}

/**
 * The earlier answer that makes the culprit impossible, if one does: among the core operations, the last one acknowledged
 * before the culprit was called. `{@link by}` is that operation.
 */
export function reproach(
  history: History,
  counterexample: Counterexample,
): { readonly by: OperationRow; readonly text: string } | undefined {
  const culprit = counterexample.culprit
  if (culprit === undefined || counterexample.edges !== undefined) return undefined
  const held = doubleHolding(history, counterexample)
  if (held !== undefined) return heldReproach(history, held)
  const { returnEvent, callEvent, returnTime, callTime, outcome } = history.operations
  const called = callEvent[culprit] ?? 0
  const before = counterexample.operations
    .filter(({ operation, role }) => role === 'core' && operation !== culprit && outcome[operation] === OK)
    .map(({ operation }) => operation)
    .filter((operation) => (returnEvent[operation] ?? 0) < called)
    .sort((a, b) => (returnEvent[b] ?? 0) - (returnEvent[a] ?? 0))[0]
  if (before === undefined) return undefined
  const gap = (callTime[culprit] ?? 0) - (returnTime[before] ?? 0)
  const when = hasTimes(history) ? `${duration(gap)} before` : 'before'
  const what = requestText(history, before, { withKey: false })
  const said = isRead(history, before)
    ? `${processInWords(history, history.operations.process[before] ?? 0)} had read ${answerText(history, before)}`
    : `${what} was acknowledged`
  return { by: before, text: `${said} ${when} this ${printable(functionOf(history, culprit))} began` }
}
