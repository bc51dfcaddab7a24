import type { Counterexample, OperationRow } from '@chaosproxy/checker'
import type { History, Json } from '@chaosproxy/history'
import { answeredText, callEventOf, isOk, isRead, isReplacing, rowsOf, writtenBy } from '../operation-words.ts'

/** The values that the object may have in a section of the drawing. */
interface Possible {
  /** Event positions. */
  readonly from: number
  readonly to: number
  readonly values: readonly Json[]
  /** Whether the object may still have the value that it had before the first drawn operation. */
  readonly earlier: boolean
}

interface Written {
  readonly value: Json
  readonly call: number
  readonly end: number
}

/**
 * Returns the values that one object may have had at each moment, by the drawn operations alone. A written value is
 * possible from the call of the write until a later write or a read of another value has ended. Empty if these values
 * would not show the contradiction.
 */
export function possibleStates(history: History, counterexample: Counterexample): Possible[] {
  const { culprit } = counterexample
  const rows = rowsOf(counterexample)
  const known = rows.every((row) => isRead(history, row) || isReplacing(history, row))
  if (culprit === undefined || counterexample.keys.length > 1 || !known || counterexample.edges !== undefined) return []
  if (!isRead(history, culprit)) return []
  const others = rows.filter((row) => row !== culprit)
  const writes = others
    .filter((row) => !isRead(history, row))
    .map((row) => ({
      value: writtenBy(history, row),
      call: callEventOf(history, row),
      end: endEvent(history, row),
    }))
  const reads = others.filter((row) => isRead(history, row) && isOk(history, row))
  const events = [...new Set(others.flatMap((row) => [callEventOf(history, row), endEvent(history, row)]))]
  const bounds = [...events.filter(Number.isFinite), callEventOf(history, culprit)].sort((a, b) => a - b)
  const last = endEvent(history, culprit)
  const states = bounds.map((from, i): Possible => {
    const to = bounds[i + 1] ?? last
    const overwritten =
      writes.some((write) => write.end <= from) || reads.some((read) => endEvent(history, read) <= from)
    return { from, to, values: valuesAt(history, writes, reads, from), earlier: !overwritten }
  })
  const merged = merge(states.filter((state) => state.values.length > 0 && state.to > state.from))
  const final = merged[merged.length - 1]
  const seen = answeredText(history, culprit)
  if (final === undefined || final.earlier || final.values.some((value) => JSON.stringify(value) === seen)) return []
  return agrees(merged, counterexample.statesBefore, callEventOf(history, culprit)) ? merged : []
}

/**
 * Whether these values, at the culprit's call, are the possible values that the checker found. They follow from the
 * drawn operations alone, but the checker uses the whole history. A page must not show two different sets of possible
 * values.
 */
function agrees(states: readonly Possible[], found: Counterexample['statesBefore'], at: number): boolean {
  if (found === undefined) return true
  const then = states.findLast(({ from }) => from < at) ?? states[0]
  if (then === undefined || then.earlier) return false
  const texts = (values: readonly Json[]): string =>
    values
      .map((value) => JSON.stringify(value))
      .sort()
      .join()
  const last = states[states.length - 1]
  return texts(then.values) === texts(found) && last !== undefined && texts(last.values) === texts(found)
}

/** Returns Infinity for an `info` operation, because it may still take effect. */
const endEvent = (history: History, row: OperationRow): number =>
  isOk(history, row) ? (history.operations.returnEvent[row] ?? -1) : Number.POSITIVE_INFINITY

function valuesAt(
  history: History,
  writes: readonly Written[],
  reads: readonly OperationRow[],
  at: number,
): readonly Json[] {
  const values = writes
    .filter((write) => write.call <= at)
    .filter((write) => !writes.some((other) => write.end < other.call && other.end <= at))
    .filter(
      (write) =>
        !reads.some(
          (read) =>
            write.end < callEventOf(history, read) &&
            endEvent(history, read) <= at &&
            answeredText(history, read) !== JSON.stringify(write.value),
        ),
    )
    .map((write) => write.value)
  return values.filter((value, i) => values.findIndex((o) => JSON.stringify(o) === JSON.stringify(value)) === i)
}

function merge(states: readonly Possible[]): Possible[] {
  const merged: Possible[] = []
  for (const state of states) {
    const last = merged[merged.length - 1]
    if (
      last !== undefined &&
      last.earlier === state.earlier &&
      JSON.stringify(last.values) === JSON.stringify(state.values)
    )
      merged[merged.length - 1] = { ...last, to: state.to }
    else merged.push(state)
  }
  return merged
}
