import { type ClockReadings, type History, OK, type Operations } from '@chaosproxy/history'
import { later } from '../encoding/encoded.ts'

/**
 * Histories of operations whose times are known only within bounds: with the smallest and with the largest set of
 * real-time orders that the bounds allow. All have the rows of the original history, in the same order.
 *
 * `widest` and `narrowest` ignore the known order of operations of one process that may have overlapped by their times.
 * With two such processes, no intervals can express this order (Fishburn 1970: interval orders are without 2+2). The
 * tied forms express exactly what is known (see `History.isTied`).
 */
export interface Bounded {
  /**
   * Each operation lasts from its earliest possible call to its latest possible return. A contradiction of this history
   * contradicts the real one.
   */
  readonly widest: History
  /**
   * Each operation lasts from its latest possible call to its earliest possible return; operations without duration
   * follow one another. An explanation of this history explains the real one, unless some operation is `cramped`.
   */
  readonly narrowest: History
  readonly tiedWidest: History
  /** As `narrowest`, but operations without duration at the same moment are unordered, except within a process. */
  readonly tiedNarrowest: History
  /** Rows of operations that are shorter than the uncertainty of their times: no moment is certainly within them. */
  readonly cramped: readonly number[]
}

/** The earliest and latest possible call and return of each operation. */
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
  // Rows stay in order of their calls: a call that may be later than the next one moves the next one to its own time.
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

/** Lowers each call's earliest time to at most that of the next call, so that calls stay in order. */
function earliestInOrder(calls: Float64Array): Float64Array {
  const earliest = calls.slice()
  for (let row = earliest.length - 2; row >= 0; row--) earliest[row] = Math.min(earliest[row], earliest[row + 1])
  return earliest
}

/** Compares two events at the same time, by their rows and by whether they are returns. */
type AtOnce = (one: Moment, other: Moment) => number

interface Moment {
  readonly time: number
  readonly row: number
  readonly isReturn: boolean
  /** Whether the operation's call and return have the same time. */
  readonly isInstant: boolean
}

/** Operations that may have overlapped are unordered. */
const callsFirst: AtOnce = (one, other) => Number(one.isReturn) - Number(other.isReturn) || one.row - other.row

/** Operations that may have been in order are ordered. An operation without duration is called when it returns. */
const returnsFirst: AtOnce = (one, other) => rank(one) - rank(other) || one.row - other.row

const rank = ({ isReturn, isInstant }: Moment): number => (isInstant ? 1 : isReturn ? 0 : 2)

/** As `returnsFirst`, but operations without duration overlap each other. */
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
  // Both times are infinite if nothing is known about a clock.
  moments.sort((one, other) => (one.time === other.time ? 0 : one.time - other.time) || atOnce(one, other))
  const callEvent = new Int32Array(length)
  const returnEvent = new Int32Array(length).fill(-1)
  for (const [position, { row, isReturn }] of moments.entries()) (isReturn ? returnEvent : callEvent)[row] = position
  return { ...operations, callEvent, returnEvent, callTime: called, returnTime: returned }
}

function withColumns(history: History, operations: Operations): History {
  const { lend: _, clocks: __, marks, ...rest } = history
  // Positions of the marks may differ from the new event positions, so every mark moves to the start, where it concerns
  // all events.
  return { ...rest, operations, marks: marks.map((mark) => ({ ...mark, position: 0 })) }
}

/** Gives each operation its own process and keeps its client: widened operations of one process may overlap. */
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
