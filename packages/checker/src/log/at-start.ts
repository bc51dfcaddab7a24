import { FAIL, type History, inputOf, type Json, OK, outputOf } from '@chaosproxy/history'
import { addTo } from '../encoding/lists.ts'
import { functionTest, type OperationRow } from '../encoding/operation-row.ts'
import { inputsByKey, type LeastStarts, longestOf } from '../object/model/least-start.ts'
import { entriesIn, isAppendToLog, offsetsByRow, rangeOf } from './operations.ts'

/** The entries that no operation appended, for logs whose reads together show their order. */
export function readAtStart(history: History): LeastStarts {
  const { key, outcome, length } = history.operations
  const isAppend = functionTest(history, isAppendToLog)
  const entriesOf = entriesIn(history)
  const appended = inputsByKey(history, isAppend)
  const stretches = new Map<number, Json[][]>()
  for (let row = 0; row < length; row++) {
    if (outcome[row] !== OK || isAppend(row)) continue
    const read = (entriesOf(outputOf(history, row)) ?? []).map(({ value }) => value)
    const own = appended.get(key[row])
    addTo(
      stretches,
      key[row],
      read.filter((value) => !own?.has(history.values.id(value))),
    )
  }
  const starts = new Map<number, readonly Json[]>()
  for (const of of appended.keys()) {
    const start = longestOf(stretches.get(of) ?? [])
    if (start !== undefined) starts.set(of, start)
  }
  return starts
}

/** The known entries of a log whose offsets have no gaps. */
interface Places {
  /** The entries that no operation appended, by offset. */
  readonly foreign: Map<number, Json>
  /**
   * `first`: the lowest offset of an entry that an operation appended. `seen`: the event position at which this entry
   * was first seen.
   */
  first: number
  seen: number
  readonly placed: Set<number>
}

/**
 * Returns, by log, the entries before the first entry that an operation appended. Omits a log if an append at an
 * unknown offset may come before this first entry, because the number of initial entries is then unclear.
 */
export function countedAtStart(history: History): LeastStarts {
  const { key, outcome, input, callEvent, length } = history.operations
  const isAppend = functionTest(history, isAppendToLog)
  const logs = placesByKey(history, isAppend)
  const unclear = new Set<number>()
  for (let row = 0; row < length; row++) {
    const log = logs.get(key[row])
    if (log === undefined || !isAppend(row) || outcome[row] === FAIL || log.placed.has(input[row])) continue
    if (callEvent[row] < log.seen && log.first > log.foreign.size) unclear.add(key[row])
  }
  const starts = new Map<number, readonly Json[]>()
  for (const [of, { foreign, first }] of logs) {
    if (unclear.has(of)) continue
    const least = [...foreign.keys()].reduce((most, at) => Math.max(most, at + 1), 0)
    const count = Number.isFinite(first) ? Math.max(first, least) : least
    starts.set(
      of,
      Array.from({ length: count }, (_, at) => foreign.get(at) ?? null),
    )
  }
  return starts
}

function placesByKey(history: History, isAppend: (row: OperationRow) => boolean): ReadonlyMap<number, Places> {
  const { key, outcome, input, returnEvent, length } = history.operations
  const offsetOf = offsetsByRow(history)
  const entriesOf = entriesIn(history)
  const appended = inputsByKey(history, isAppend)
  const logs = new Map<number, Places>()
  const never = Number.POSITIVE_INFINITY
  for (const of of appended.keys()) logs.set(of, { foreign: new Map(), first: never, seen: never, placed: new Set() })
  const place = (log: Places, row: OperationRow, at: number, id: number): void => {
    log.placed.add(id)
    if (at < log.first) log.seen = returnEvent[row]
    else if (at === log.first) log.seen = Math.min(log.seen, returnEvent[row])
    log.first = Math.min(log.first, at)
  }
  for (let row: OperationRow = 0; row < length; row++) {
    const log = logs.get(key[row])
    if (log === undefined || outcome[row] !== OK) continue
    if (isAppend(row)) {
      const offset = offsetOf(row)
      if (offset !== undefined) place(log, row, offset, input[row])
      continue
    }
    const { from } = rangeOf({ value: inputOf(history, row) })
    for (const [n, { value, offset }] of (entriesOf(outputOf(history, row)) ?? []).entries()) {
      const [at, id] = [offset ?? from + n, history.values.id(value)]
      if (appended.get(key[row])?.has(id)) place(log, row, at, id)
      else log.foreign.set(at, value)
    }
  }
  return logs
}
