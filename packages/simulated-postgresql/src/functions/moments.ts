import { NotSupported, SqlError } from '../sql/error.ts'
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  daysInMonth,
  daysOf,
  INFINITY,
  inDay,
  isEndless,
  MICROS_PER_DAY,
  MINUS_INFINITY,
  momentOf,
  roundHalfEven,
} from '../types/calendar.ts'
import { checkedDate, checkedTimestamp } from '../types/datetime.ts'
import { asBigint, asInterval, asNumber, asString } from '../types/definitions.ts'
import { divisionByZero } from '../types/numeric.ts'
import { Interval, type SqlValue } from '../types/value.ts'
import { namedZone, type Zone } from '../types/zone.ts'
import { type Builtins, taking } from './builtin.ts'
import { localIn, timestampOfDate, toLocal, universalIn, zoneOf } from './casts.ts'
import type { Env } from './session-facts.ts'

/** Adds an interval. A month later is the same day of the month, or the last day of a shorter month. */
function addInterval(timestamp: bigint, span: Interval): bigint {
  if (isEndless(timestamp)) return timestamp
  let result = timestamp
  if (span.months !== 0) {
    const { year, month, day } = momentOf(result)
    const total = year * 12 + (month - 1) + span.months
    const newYear = Math.floor(total / 12)
    const newMonth = total - newYear * 12 + 1
    const days = daysOf(newYear, newMonth, Math.min(day, daysInMonth(newYear, newMonth)))
    result = BigInt(days) * MICROS_PER_DAY + inDay(result)
  }
  return checkedTimestamp(result + BigInt(span.days) * MICROS_PER_DAY + span.micros)
}

function negateInterval(span: Interval): Interval {
  return checkedInterval(-span.months, -span.days, -span.micros)
}

function checkedInterval(months: number, days: number, micros: bigint): Interval {
  const large = (count: number) => count > 2147483647 || count < -2147483648
  if (large(months) || large(days) || BigInt.asIntN(64, micros) !== micros) {
    throw new SqlError('22008', 'interval out of range')
  }
  return new Interval(months + 0, days + 0, micros)
}

export function sumIntervals(a: Interval, b: Interval): Interval {
  return checkedInterval(a.months + b.months, a.days + b.days, a.micros + b.micros)
}

/** `TSROUND`: to microseconds. */
function roundSeconds(seconds: number): number {
  return roundHalfEven(seconds * 1e6) / 1e6
}

/**
 * Scales an interval: a fraction of a month becomes days, a fraction of a day becomes time (`interval_mul`,
 * `interval_div`).
 */
export function scaleInterval(span: Interval, scale: (part: number) => number): Interval {
  if (!Number.isFinite(scale(1))) throw new NotSupported('an infinite interval')
  const months = Math.trunc(scale(span.months)) + 0
  let days = Math.trunc(scale(span.days)) + 0
  const monthDays = roundSeconds((scale(span.months) - months) * 30)
  let seconds = roundSeconds((scale(span.days) - days + monthDays - Math.trunc(monthDays)) * 86400)
  const extra = Math.trunc(seconds / 86400)
  seconds -= extra * 86400
  days += extra + Math.trunc(monthDays)
  const micros = roundHalfEven(scale(Number(span.micros)) + seconds * 1e6)
  if (!Number.isFinite(months) || !Number.isFinite(days) || !Number.isFinite(micros)) {
    throw new SqlError('22008', 'interval out of range')
  }
  return checkedInterval(months, days, BigInt(micros))
}

/** Returns the difference as whole days and the remaining time. */
function difference(a: bigint, b: bigint): Interval {
  if (isEndless(a) || isEndless(b)) throw new NotSupported('an infinite interval')
  const micros = a - b
  return new Interval(0, Number(micros / MICROS_PER_DAY), micros % MICROS_PER_DAY)
}

/** Adds an interval in a zone. Months and days follow local time. */
export function addIntervalIn(zone: Zone, moment: bigint, { months, days, micros }: Interval): bigint {
  if (isEndless(moment)) return moment
  let shifted = moment
  for (const part of [new Interval(months, 0, 0n), new Interval(0, days, 0n)])
    if (part.months !== 0 || part.days !== 0) shifted = universalIn(zone, addInterval(localIn(zone, shifted), part))
  return checkedTimestamp(shifted + micros)
}

function shiftDate(days: number, by: number): number {
  if (days === DATE_INFINITY || days === DATE_MINUS_INFINITY) return days
  return checkedDate(days + by)
}

function atTime(days: number, micros: bigint): bigint {
  const midnight = timestampOfDate(days)
  return isEndless(midnight) ? midnight : checkedTimestamp(midnight + micros)
}

const arithmetic: Builtins = {
  ...taking([asNumber, asNumber], {
    date_pli: shiftDate,
    date_mii: (a, b) => shiftDate(a, -b),
    integer_pl_date: (a, b) => shiftDate(b, a),
    date_mi: (a, b) => {
      if ([a, b].some((day) => day === DATE_INFINITY || day === DATE_MINUS_INFINITY)) {
        throw new SqlError('22008', 'cannot subtract infinite dates')
      }
      return a - b
    },
  }),
  ...taking([asNumber, asInterval], {
    date_pl_interval: (a, b) => addInterval(timestampOfDate(a), b),
    date_mi_interval: (a, b) => addInterval(timestampOfDate(a), negateInterval(b)),
    mul_d_interval: (a, b) => scaleInterval(b, (part) => part * a),
  }),
  ...taking([asNumber, asBigint], { datetime_timestamp: atTime }),
  ...taking([asBigint, asNumber], { timedate_pl: (a, b) => atTime(b, a) }),
  ...taking([asBigint, asBigint], { timestamp_mi: difference }),
  ...taking([asBigint, asInterval], {
    timestamp_pl_interval: addInterval,
    timestamp_mi_interval: (a, b) => addInterval(a, negateInterval(b)),
    timestamptz_pl_interval: (a, b, env) => addIntervalIn(zoneOf(env), a, b),
    timestamptz_mi_interval: (a, b, env) => addIntervalIn(zoneOf(env), a, negateInterval(b)),
  }),
  ...taking([asInterval, asBigint], {
    interval_pl_timestamp: (a, b) => addInterval(b, a),
    interval_pl_timestamptz: (a, b, env) => addIntervalIn(zoneOf(env), b, a),
  }),
  ...taking([asInterval], { interval_um: negateInterval }),
  ...taking([asInterval, asInterval], {
    interval_pl: sumIntervals,
    interval_mi: (a, b) => sumIntervals(a, negateInterval(b)),
  }),
  ...taking([asInterval, asNumber], {
    interval_pl_date: (a, b) => addInterval(timestampOfDate(b), a),
    interval_mul: (a, b) => scaleInterval(a, (part) => part * b),
    interval_div: (a, b) => {
      if (b === 0) throw divisionByZero()
      return scaleInterval(a, (part) => part / b)
    },
  }),
}

function age(a: bigint, b: bigint): Interval {
  if (isEndless(a) || isEndless(b)) throw new NotSupported('an infinite interval')
  const sign = a < b ? -1 : 1
  const [later, earlier] = sign < 0 ? [momentOf(b), momentOf(a)] : [momentOf(a), momentOf(b)]
  let months = (later.year - earlier.year) * 12 + later.month - earlier.month
  let days = later.day - earlier.day
  let micros = inDay(sign < 0 ? b : a) - inDay(sign < 0 ? a : b)
  if (micros < 0n) {
    micros += MICROS_PER_DAY
    days -= 1
  }
  while (days < 0) {
    days += daysInMonth(earlier.year, earlier.month)
    months -= 1
  }
  return checkedInterval(sign * months, sign * days, BigInt(sign) * micros)
}

function today(env: Env): bigint {
  const local = toLocal(env.session.now(), env)
  return local - inDay(local)
}

function makeInterval(values: readonly SqlValue[]): Interval {
  const [years = 0, months = 0, weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = values.map((value) =>
    asNumber(value),
  )
  if (!Number.isFinite(seconds)) throw new SqlError('22008', 'interval out of range')
  const micros = BigInt(hours * 3600 + minutes * 60) * 1_000_000n + BigInt(roundHalfEven(seconds * 1e6))
  return checkedInterval(years * 12 + months, weeks * 7 + days, micros)
}

const making: Builtins = {
  make_interval: makeInterval,
  ...taking([asBigint, asBigint], {
    timestamp_age: age,
    timestamptz_age: (a, b, env) => age(toLocal(a, env), toLocal(b, env)),
  }),
  ...taking([asBigint], {
    age: (a, env, call) => age(today(env), call.arguments[0]?.name === 'timestamptz' ? toLocal(a, env) : a),
  }),
  ...taking([asNumber], { float8_timestamptz: momentOfUnix }),
}

/** @param seconds since 1970 */
function momentOfUnix(seconds: number): bigint {
  if (Number.isNaN(seconds)) throw new SqlError('22008', 'timestamp cannot be NaN')
  if (!Number.isFinite(seconds)) return seconds > 0 ? INFINITY : MINUS_INFINITY
  const since2000 = seconds - 946684800
  return checkedTimestamp(BigInt(roundHalfEven(since2000 * 1e6)))
}

const zones: Builtins = {
  ...taking([asString, asBigint], {
    timestamptz_zone: (zone, a) => localIn(namedZone(zone), a),
    timestamp_zone: (zone, a) => universalIn(namedZone(zone), a),
  }),
  now: (_, env) => env.session.now(),
  clock_timestamp: (_, env) => env.session.clock(),
  statement_timestamp: (_, env) => env.session.statementStart(),
}

export const MOMENTS: Builtins = { ...arithmetic, ...making, ...zones }
