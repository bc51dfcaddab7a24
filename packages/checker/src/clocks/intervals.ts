import { type ClockReadings, type History, OK, type Operations } from '@chaosproxy/history'
import { later } from '../encoding/encoded.ts'

/**
 * Histories of operations whose times are known only within bounds. All have the rows of the original history, in the
 * same order.
 *
 * The bounds of two operations of one process may overlap. `widest` and `narrowest` ignore the order of such a pair. If
 * several processes have such pairs, intervals cannot express their orders (Fishburn 1970: interval orders are without
 * 2+2). `tiedWidest` and `tiedNarrowest` keep the order of each such pair (see `History.isTied`).
 */
export interface Bounded {
  /**
   * Each operation lasts from its earliest possible call to its latest possible return. If this history contradicts a
   * level, the original history contradicts the level, too.
   */
  readonly widest: History
  /**
   * Each operation lasts from its latest possible call to its earliest possible return. An explanation of this history
   * explains the original one, unless some operation is `cramped`.
   */
  readonly narrowest: History
  readonly tiedWidest: History
  /**
   * Like `narrowest`, but operations without duration at the same moment may come in any order, except within a
   * process.
   */
  readonly tiedNarrowest: History
  /** The rows of operations that are shorter than the uncertainty of their times. */
  readonly cramped: readonly number[]
}

export interface Ends {
  readonly earliestCall: Float64Array
  readonly latestCall: Float64Array
  readonly earliestReturn: Float64Array
  readonly latestReturn: Float64Array
}

/** @param observes whether a failed operation observes the object, too. */
export function boundedBy(clocks: ClockReadings, history: History, observes: boolean): Bounded {
  const { operations } = history
  const { length, outcome, returnEvent } = operations
  const ends = endsOf(clocks, operations)
  const called = ends.latestCall.slice()
  const returned = ends.earliestReturn.slice()
  const cramped: number[] = []
  // Rows are in order of call, so the latest possible call of a row is raised to that of any earlier row.
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
      // Events with equal stamps keep the order that the history gives them.
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

/** Returns the earliest times, lowered where necessary so that calls stay in order. */
function earliestInOrder(calls: Float64Array): Float64Array {
  const earliest = calls.slice()
  for (let row = earliest.length - 2; row >= 0; row--) earliest[row] = Math.min(earliest[row], earliest[row + 1])
  return earliest
}

type AtOnce = (one: Moment, other: Moment) => number

interface Moment {
  readonly time: number
  readonly row: number
  readonly isReturn: boolean
  readonly isInstant: boolean
}

/**
 * Compares events so that a call precedes a return at the same time. Operations that may have overlapped are then
 * unordered.
 */
const callsFirst: AtOnce = (one, other) => Number(one.isReturn) - Number(other.isReturn) || one.row - other.row

/**
 * Compares events so that, at equal times, returns precede calls. The call and the return of an operation without
 * duration come between the returns and the calls of other operations.
 */
const returnsFirst: AtOnce = (one, other) => rank(one) - rank(other) || one.row - other.row

const rank = ({ isReturn, isInstant }: Moment): number => (isInstant ? 1 : isReturn ? 0 : 2)

/** Like `returnsFirst`, but operations without duration at the same moment overlap each other. */
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
  // Without bounds for a clock, both times are infinite and their difference is NaN.
  moments.sort((one, other) => (one.time === other.time ? 0 : one.time - other.time) || atOnce(one, other))
  const callEvent = new Int32Array(length)
  const returnEvent = new Int32Array(length).fill(-1)
  for (const [position, { row, isReturn }] of moments.entries()) (isReturn ? returnEvent : callEvent)[row] = position
  return { ...operations, callEvent, returnEvent, callTime: called, returnTime: returned }
}

function withColumns(history: History, operations: Operations): History {
  const { lend: _, clocks: __, marks, ...rest } = history
  // A `Mark` concerns the events after its position. The position among the new events is unknown, so the mark gets
  // position 0 and concerns all events.
  return { ...rest, operations, marks: marks.map((mark) => ({ ...mark, position: 0 })) }
}

/** Gives each operation its own process, because widened operations of one process may overlap. */
export function clientsApart(history: History, operations: Operations): History {
  const { process, length } = operations
  const apart = { ...operations, process: Int32Array.from(process, (_, row) => row) }
  const itsOwn = (row: number): number => process[row]
  return {
    ...withColumns(history, apart),
    processCount: length,
    processName: (row) => history.processName(itsOwn(row)),
    hasSessions: true,
    sessionOf: (row) => history.sessionOf(itsOwn(row)),
  }
}
