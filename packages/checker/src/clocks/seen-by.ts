import type { ClockReadings, History, Operations } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import { columnsOf } from '../encoding/rows.ts'
import { firstWhere } from '../search/halving.ts'
import type { Counterexample, OrderEdge } from '../verdict/verdict.ts'
import { clientsApart, type Ends, endsOf } from './intervals.ts'

/**
 * A history by the times of one of its clocks. Operations timed by this clock keep its order, whatever the clock's
 * error. Every other operation lasts from its earliest possible call to its latest possible return. If this history
 * contradicts a level, the original history contradicts the level, too.
 *
 * The clocks are used one by one, because intervals cannot express the certain orders of several clocks. For example,
 * clock 1 shows only that a precedes b, and clock 2 shows only that c precedes d. Intervals for these four operations
 * would also order a before d or c before b, which no clock shows (Fishburn 1970: interval orders are without 2+2).
 */
export interface Seen {
  readonly history: History
  /** By row of `history`: the row in the original history. */
  readonly rows: Int32Array
}

/** Builds the history as a clock saw it; undefined if the clock timed nothing or contradicts itself. */
export function seenBy(clock: number, clocks: ClockReadings, history: History): Seen | undefined {
  const { operations } = history
  const { length, callLine, returnLine, returnEvent } = operations
  const isOwn = (line: number): boolean => clocks.clock[line] === clock
  const moments = momentsOf(clock, clocks, operations)
  if (moments === undefined) return undefined
  const ends = endsOf(clocks, operations)
  const events: Placed[] = []
  for (let row = 0; row < length; row++) {
    const hasReturned = returnEvent[row] !== -1
    const isExact = isOwn(callLine[row]) && hasReturned && isOwn(returnLine[row])
    const [call, end] = [ends.earliestCall[row], ends.latestReturn[row]]
    if (isExact) {
      events.push({ row, isReturn: false, place: moments.placeOf(callLine[row]), time: 0 })
      events.push({ row, isReturn: true, place: moments.placeOf(returnLine[row]), time: 0 })
      continue
    }
    const placed = { row, isReturn: false, place: moments.after(call), time: call }
    events.push(placed)
    if (!hasReturned) continue
    const returned = { row, isReturn: true, place: moments.before(end), time: end }
    if (returned.place < placed.place || end < call) return undefined
    events.push(returned)
  }
  events.sort(
    (one, other) =>
      one.place - other.place ||
      (one.time === other.time ? 0 : one.time - other.time) ||
      Number(one.isReturn) - Number(other.isReturn) ||
      one.row - other.row,
  )
  return inOrder(history, events, ends)
}

/**
 * An event and its place in the order. If the clock timed both events of an operation, these events have odd places.
 * All other events have even places, between the odd ones.
 */
interface Placed {
  readonly row: number
  readonly isReturn: boolean
  readonly place: number
  readonly time: number
}

/** Returns functions that find places among a clock's events. Undefined if there are none, or their times decrease. */
function momentsOf(clock: number, { clock: clockOf, within }: ClockReadings, operations: Operations) {
  const { length, callLine, returnLine, callTime, returnTime, returnEvent } = operations
  const own: { readonly line: number; readonly time: number }[] = []
  for (let row = 0; row < length; row++) {
    if (clockOf[callLine[row]] === clock) own.push({ line: callLine[row], time: callTime[row] })
    if (returnEvent[row] !== -1 && clockOf[returnLine[row]] === clock)
      own.push({ line: returnLine[row], time: returnTime[row] })
  }
  own.sort((one, other) => one.line - other.line)
  if (own.length === 0 || own.some(({ time }, n) => n > 0 && time < own[n - 1].time)) return undefined
  const earliest = Float64Array.from(own, ({ line, time }) => time - (within[line] ?? 0))
  const latest = Float64Array.from(own, ({ line, time }) => time + (within[line] ?? 0))
  for (let n = 1; n < own.length; n++) earliest[n] = Math.max(earliest[n], earliest[n - 1])
  for (let n = own.length - 2; n >= 0; n--) latest[n] = Math.min(latest[n], latest[n + 1])
  if (earliest.some((time, n) => time > latest[n])) return undefined
  const places = new Map(own.map(({ line }, n) => [line, 2 * n + 1]))
  return {
    placeOf: (line: number): number => places.get(line) ?? 0,
    /** The place after all events that are certainly earlier than `time`. */
    after: (time: number): number => 2 * firstWhere(0, latest.length, (at) => latest[at] >= time),
    /** The place before all events that are certainly later than `time`. */
    before: (time: number): number => 2 * firstWhere(0, earliest.length, (at) => earliest[at] > time),
  }
}

function inOrder(history: History, events: readonly Placed[], ends: Ends): Seen {
  const { operations } = history
  const rows = Int32Array.from(
    events.flatMap(({ row, isReturn }) => (isReturn ? [] : [row])),
    (row) => row,
  )
  const at = new Int32Array(rows.length)
  for (const [now, row] of rows.entries()) at[row] = now
  const callEvent = new Int32Array(rows.length)
  const returnEvent = new Int32Array(rows.length).fill(-1)
  for (const [position, { row, isReturn }] of events.entries()) (isReturn ? returnEvent : callEvent)[at[row]] = position
  const permuted: Operations = {
    ...columnsOf(operations, rows),
    callEvent,
    returnEvent,
    callTime: Float64Array.from(rows, (row) => ends.earliestCall[row]),
    returnTime: Float64Array.from(rows, (row) => ends.latestReturn[row]),
  }
  const seen = { ...history, errorOf: (row: number) => history.errorOf(rows[row]) }
  return { history: clientsApart(seen, permuted), rows }
}

/**
 * Converts a counterexample of `Seen.history`: replaces each of its rows by the row of the same operation in the
 * original history.
 */
export function asIn({ rows }: Seen, { operations, culprit, edges, ...rest }: Counterexample): Counterexample {
  const row = (seen: OperationRow): OperationRow => rows[seen]
  const edge = ({ before, after, reason, shownBy }: OrderEdge): OrderEdge => ({
    before: row(before),
    after: row(after),
    reason,
    ...(shownBy && { shownBy: { read: row(shownBy.read), chain: shownBy.chain.map(edge) } }),
  })
  return {
    ...rest,
    operations: operations
      .map(({ operation, role }) => ({ operation: row(operation), role }))
      .sort((one, other) => one.operation - other.operation),
    ...(culprit === undefined ? {} : { culprit: row(culprit) }),
    ...(edges && { edges: edges.map(edge) }),
  }
}
