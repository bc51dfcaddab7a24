import { type ClockReadings, type History, OK, type Operations } from '@chaosproxy/history'
import { later } from '../encoding/encoded.ts'

/**
 * The history of operations whose times are known only within bounds, as it would be with the fewest and with the most
 * orders in real time that the bounds leave. The rows of all are those of the history, in the same order.
 *
 * Both are wrong about operations of one process that may have overlapped by their times alone: their order is known. No
 * intervals say it where there are two such processes (Fishburn 1970: interval orders are without 2+2). Either has a tied form,
 * which keeps exactly what is known (see `History.isTied`).
 */
export interface Bounded {
  /**
   * Each operation lasts from the earliest moment at which it may have been called to the latest at which it may have
   * returned. What contradicts this history contradicts the real one.
   */
  readonly widest: History
  /**
   * Each operation lasts from the latest moment of its call to the earliest of its return, and those without duration come one
   * after the other: what explains this history explains the real one, unless some operation is `cramped`.
   */
  readonly narrowest: History
  readonly tiedWidest: History
  /** The same as the narrowest, but operations without duration at one moment are in no order, unless they are of one process. */
  readonly tiedNarrowest: History
  /** Rows of operations that were shorter than their times are uncertain, so that no moment is certainly within them. */
  readonly cramped: readonly number[]
}

/** When each operation was called and returned, at the earliest and at the latest. */
export interface Ends {
  readonly earliestCall: Float64Array
  readonly latestCall: Float64Array
  readonly earliestReturn: Float64Array
  readonly latestReturn: Float64Array
}

/** @param observes whether an operation that failed says something of the object, too. */
export function boundedBy(clocks: ClockReadings, history: History, observes: boolean): Bounded {
  const { operations } = history
  const { length, outcome, returnEvent } = operations
  const ends = endsOf(clocks, operations)
  const called = ends.latestCall.slice()
  const returned = ends.earliestReturn.slice()
  const cramped: number[] = []
  // Rows stay in order of their calls: a call that may have come later than the next one takes the next one along.
  let latest = Number.NEGATIVE_INFINITY
  for (let row = 0; row < length; row++) {
    latest = Math.max(latest, called[row])
    called[row] = latest
    if (returnEvent[row] === -1 || returned[row] >= latest) continue
    returned[row] = latest
    if (outcome[row] === OK || observes) cramped.push(row)
  }
  const wide = later(() => timed(operations, earliestInOrder(ends.earliestCall), ends.latestReturn, callsFirst))
  return {
    get widest() {
      return withColumns(history, wide())
    },
    get tiedWidest() {
      return { ...withColumns(history, wide()), isTied: true }
    },
    get narrowest() {
      // Events of equal stamps come in this order.
      if (clocks.stamps?.withinNanos === 0) return withColumns(history, operations)
      return withColumns(history, timed(operations, called, returned, returnsFirst))
    },
    get tiedNarrowest() {
      return { ...withColumns(history, timed(operations, called, returned, instantsTogether)), isTied: true }
    },
    cramped,
  }
}

export function endsOf({ within, stamps }: ClockReadings, operations: Operations): Ends {
  const { callTime, returnTime, callLine, returnLine } = operations
  const usual = stamps?.withinNanos ?? 0
  const around = (times: Float64Array, lines: Int32Array, sign: 1 | -1): Float64Array =>
    times.map((time, row) => time + sign * (within[lines[row]] ?? usual))
  return {
    earliestCall: around(callTime, callLine, -1),
    latestCall: around(callTime, callLine, 1),
    earliestReturn: around(returnTime, returnLine, -1),
    latestReturn: around(returnTime, returnLine, 1),
  }
}

/** A call that may have come earlier than the one before it takes that one along. */
function earliestInOrder(calls: Float64Array): Float64Array {
  const earliest = calls.slice()
  for (let row = earliest.length - 2; row >= 0; row--) earliest[row] = Math.min(earliest[row], earliest[row + 1])
  return earliest
}

/** Whether one of two events at the same time comes first, by their rows and by whether they are returns. */
type AtOnce = (one: Moment, other: Moment) => number

interface Moment {
  readonly time: number
  readonly row: number
  readonly isReturn: boolean
  /** Whether the operation is called and returns at the same time. */
  readonly isInstant: boolean
}

/** Nothing that may have overlapped is in order. */
const callsFirst: AtOnce = (one, other) => Number(one.isReturn) - Number(other.isReturn) || one.row - other.row

/** Everything that may have been in order is. An operation without duration is called when it returns. */
const returnsFirst: AtOnce = (one, other) => rank(one) - rank(other) || one.row - other.row

const rank = ({ isReturn, isInstant }: Moment): number => (isInstant ? 1 : isReturn ? 0 : 2)

/** The same, but operations without duration overlap each other. */
const instantsTogether: AtOnce = (one, other) =>
  rank(one) - rank(other) || Number(one.isReturn) - Number(other.isReturn) || one.row - other.row

function timed(operations: Operations, called: Float64Array, returned: Float64Array, atOnce: AtOnce): Operations {
  const { length, returnEvent: before } = operations
  const moments: Moment[] = []
  for (let row = 0; row < length; row++) {
    const isInstant = before[row] !== -1 && called[row] === returned[row]
    moments.push({ time: called[row], row, isReturn: false, isInstant })
    if (before[row] !== -1) moments.push({ time: returned[row], row, isReturn: true, isInstant })
  }
  // Both are infinite where nothing is known of a clock.
  moments.sort((one, other) => (one.time === other.time ? 0 : one.time - other.time) || atOnce(one, other))
  const callEvent = new Int32Array(length)
  const returnEvent = new Int32Array(length).fill(-1)
  for (const [position, { row, isReturn }] of moments.entries()) (isReturn ? returnEvent : callEvent)[row] = position
  return { ...operations, callEvent, returnEvent, callTime: called, returnTime: returned }
}

function withColumns(history: History, operations: Operations): History {
  const { lend: _, clocks: __, marks, ...rest } = history
  // Positions may be others than those of the marks, which may then concern everything.
  return { ...rest, operations, marks: marks.map((mark) => ({ ...mark, position: 0 })) }
}

/** Once wider, operations of one process overlap, so each gets a process of its own and keeps its client. */
export function clientsApart(history: History, operations: Operations): History {
  const { process, length } = operations
  const apart = { ...operations, process: Int32Array.from(process, (_, row) => row) }
  const itsOwn = (row: number): number => process[row] ?? 0
  return {
    ...withColumns(history, apart),
    processCount: length,
    processName: (row) => history.processName(itsOwn(row)),
    hasSessions: true,
    sessionOf: (row) => history.sessionOf(itsOwn(row)),
  }
}
