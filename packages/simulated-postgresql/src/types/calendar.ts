/** This file converts days of the proleptic Gregorian calendar: day 0 is 2000-01-01, as in PostgreSQL's dates. */

export const MICROS_PER_SECOND = 1_000_000n
export const MICROS_PER_DAY = 86_400_000_000n
/** 2000-01-01 as a Julian day number. */
const EPOCH_JULIAN = 2_451_545
/** Days between 1970-01-01 and 2000-01-01. */
const UNIX_EPOCH_DAYS = 10_957

export const DATE_INFINITY = 2147483647
export const DATE_MINUS_INFINITY = -2147483648
export const INFINITY: bigint = 2n ** 63n - 1n
export const MINUS_INFINITY: bigint = -(2n ** 63n)

export function isEndless(timestamp: bigint): boolean {
  return timestamp === INFINITY || timestamp === MINUS_INFINITY
}

/** The first timestamp, at 4714-11-24 BC, and the end of timestamps, directly after 294276-12-31. */
export const LEAST_TIMESTAMP = -211_813_488_000_000_000n
export const END_OF_TIMESTAMPS = 9_223_371_331_200_000_000n
export const LEAST_DATE: number = -EPOCH_JULIAN
export const END_OF_DATES: number = 2_147_483_494 - EPOCH_JULIAN

export interface CivilDate {
  /** The astronomical year: 0 is 1 BC. */
  readonly year: number
  readonly month: number
  readonly day: number
}

export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146097 + dayOfEra - 719468 - UNIX_EPOCH_DAYS
}

export function dateOf(days: number): CivilDate {
  const z = days + UNIX_EPOCH_DAYS + 719468
  const era = Math.floor(z / 146097)
  const dayOfEra = z - era * 146097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1,
  }
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}

export function daysInMonth(year: number, month: number): number {
  if (month === 2) return isLeap(year) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Sunday is 0. */
export function weekday(days: number): number {
  return (((days + 6) % 7) + 7) % 7
}

/** Returns the ISO 8601 year and week. A week belongs to the year of its Thursday. */
export function isoWeek(days: number): { readonly year: number; readonly week: number } {
  const monday = days - ((weekday(days) + 6) % 7)
  const { year } = dateOf(monday + 3)
  const fourth = daysOf(year, 1, 4)
  const first = fourth - ((weekday(fourth) + 6) % 7)
  return { year, week: (monday - first) / 7 + 1 }
}

export interface Moment extends CivilDate {
  readonly days: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micro: number
}

/** @param b greater than zero */
export function floorDivide(a: bigint, b: bigint): bigint {
  return a % b < 0n ? a / b - 1n : a / b
}

/** Returns the time of the day, in microseconds. */
export function inDay(timestamp: bigint): bigint {
  return timestamp - floorDivide(timestamp, MICROS_PER_DAY) * MICROS_PER_DAY
}

export function momentOf(timestamp: bigint): Moment {
  const days = floorDivide(timestamp, MICROS_PER_DAY)
  const rest = Number(timestamp - days * MICROS_PER_DAY)
  return {
    ...dateOf(Number(days)),
    days: Number(days),
    hour: Math.floor(rest / 3_600_000_000),
    minute: Math.floor(rest / 60_000_000) % 60,
    second: Math.floor(rest / 1_000_000) % 60,
    micro: rest % 1_000_000,
  }
}

export function timestampOf(days: number, microsOfDay: bigint): bigint {
  return BigInt(days) * MICROS_PER_DAY + microsOfDay
}

/** Rounds as C's `rint`: half to even. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value)
  const rest = value - floor
  if (rest < 0.5) return floor
  if (rest > 0.5) return floor + 1
  return floor % 2 === 0 ? floor : floor + 1
}
