import { NotSupported, SqlError } from '../sql/error.ts'
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  daysOf,
  EPOCH_JULIAN,
  floorDivide,
  INFINITY,
  isoWeek,
  MICROS_PER_DAY,
  MINUS_INFINITY,
  type Moment,
  momentOf,
  weekday,
} from '../types/calendar.ts'
import { asBigint, asInterval, asNumber, asString } from '../types/definitions.ts'
import { formatType } from '../types/format-type.ts'
import { unitOf } from '../types/interval.ts'
import { numericOf, numericToNumber } from '../types/numeric.ts'
import { Interval, Numeric, type SqlValue } from '../types/value.ts'
import { namedZone, type Zone } from '../types/zone.ts'
import type { Builtin, Builtins, CallTypes } from './builtin.ts'
import { isEndless, localIn, timestampOfDate, toLocal, universalIn, zoneOf } from './casts.ts'
import type { Env } from './session-facts.ts'

/** Microseconds between 1970-01-01 and 2000-01-01. */
const UNIX_EPOCH = 946_684_800_000_000n

type Field =
  | NonNullable<ReturnType<typeof unitOf>>
  | 'dow'
  | 'isodow'
  | 'doy'
  | 'quarter'
  | 'isoyear'
  | 'epoch'
  | 'julian'
  | 'timezone'
  | 'timezone_hour'
  | 'timezone_minute'

const OTHER: ReadonlySet<string> = new Set([
  'dow',
  'isodow',
  'doy',
  'quarter',
  'isoyear',
  'epoch',
  'julian',
  'timezone',
  'timezone_hour',
  'timezone_minute',
])

function fieldOf(name: string, typeName: string): Field {
  const lower = name.toLowerCase()
  const unit = OTHER.has(lower) ? (lower as Field) : lower === 'qtr' ? 'quarter' : unitOf(lower)
  if (unit === undefined) throw new SqlError('22023', `unit "${name}" not recognized for type ${typeName}`)
  return unit
}

function unsupported(name: string, typeName: string): SqlError {
  return new SqlError('0A000', `unit "${name}" not supported for type ${typeName}`)
}

function typeName(call: CallTypes, env: Env): string {
  return formatType(env.session.types, call.arguments[1]?.oid ?? 0)
}

/** Years count from 1 BC backwards as -1. */
function signedYear(year: number): number {
  return year > 0 ? year : year - 1
}

function century(year: number, size: number): number {
  return year > 0 ? Math.floor((year + size - 1) / size) : -Math.floor((size - 1 - (year - 1)) / size)
}

/** A field of a moment as `extract` gives it: seconds with six digits after the point. */
function momentField(moment: Moment, field: Field): Numeric | undefined {
  switch (field) {
    case 'micro':
      return numericOf(moment.second * 1_000_000 + moment.micro)
    case 'milli':
      return new Numeric(BigInt(moment.second * 1_000_000 + moment.micro), 3)
    case 'second':
      return new Numeric(BigInt(moment.second * 1_000_000 + moment.micro), 6)
    case 'minute':
      return numericOf(moment.minute)
    case 'hour':
      return numericOf(moment.hour)
  }
  return dateField(moment, field)
}

function dateField(moment: Moment, field: Field): Numeric | undefined {
  const { year, days } = moment
  switch (field) {
    case 'day':
      return numericOf(moment.day)
    case 'week':
      return numericOf(isoWeek(days).week)
    case 'month':
      return numericOf(moment.month)
    case 'quarter':
      return numericOf(Math.floor((moment.month - 1) / 3) + 1)
    case 'year':
      return numericOf(signedYear(year))
    case 'isoyear':
      return numericOf(signedYear(isoWeek(days).year))
    case 'decade':
      return numericOf(year >= 0 ? Math.floor(year / 10) : -Math.floor((8 - (year - 1)) / 10))
    case 'century':
      return numericOf(century(year, 100))
    case 'millennium':
      return numericOf(century(year, 1000))
    case 'dow':
      return numericOf(weekday(days))
    case 'isodow':
      return numericOf(((weekday(days) + 6) % 7) + 1)
    case 'doy':
      return numericOf(days - daysOf(year, 1, 1) + 1)
  }
  return undefined
}

/** Fields that grow without bound are infinite for an infinite moment, the others are null. */
function endlessField(field: Field, positive: boolean): SqlValue {
  const grows = ['year', 'decade', 'century', 'millennium', 'epoch', 'julian', 'isoyear'].includes(field)
  return grows ? new Numeric(0n, 0, positive ? 'Infinity' : '-Infinity') : null
}

function extractTimestamp(name: string, value: bigint, type: string): SqlValue {
  const field = fieldOf(name, type)
  if (isEndless(value)) return endlessField(field, value === INFINITY)
  const moment = momentOf(value)
  if (field === 'epoch') return new Numeric(value + UNIX_EPOCH, 6)
  if (field === 'julian') return julian(moment, value)
  const found = momentField(moment, field)
  if (found === undefined) throw unsupported(name, type)
  return found
}

function julian(moment: Moment, value: bigint): Numeric {
  const rest = value - BigInt(moment.days) * MICROS_PER_DAY
  const day = numericOf(moment.days + EPOCH_JULIAN)
  if (rest === 0n) return day
  throw new NotSupported('extract(julian) with a time of day')
}

const extractTimestamptz: Builtin = ([name, a], env, call) => {
  const type = typeName(call, env)
  const field = fieldOf(asString(name), type)
  const value = asBigint(a)
  if (isEndless(value)) return endlessField(field, value === INFINITY)
  if (field === 'epoch') return new Numeric(value + UNIX_EPOCH, 6)
  const zone = zoneOf(env).offsetAt(value)
  if (field === 'timezone') return numericOf(zone)
  if (field === 'timezone_hour') return numericOf(Math.trunc(zone / 3600))
  if (field === 'timezone_minute') return numericOf(Math.trunc((zone % 3600) / 60))
  return extractTimestamp(asString(name), toLocal(value, env), type)
}

function extractDate(name: string, days: number, type: string): SqlValue {
  const field = fieldOf(name, type)
  if (days === DATE_INFINITY || days === DATE_MINUS_INFINITY) {
    if (['micro', 'milli', 'second', 'minute', 'hour'].includes(field) || field.startsWith('timezone')) {
      throw unsupported(name, type)
    }
    return endlessField(field, days > 0)
  }
  if (field === 'epoch') return new Numeric((BigInt(days) * MICROS_PER_DAY + UNIX_EPOCH) / 1_000_000n, 0)
  if (field === 'julian') return numericOf(days + EPOCH_JULIAN)
  const found = dateField(momentOf(BigInt(days) * MICROS_PER_DAY), field)
  if (found === undefined) throw unsupported(name, type)
  return found
}

function extractTime(name: string, micros: bigint, type: string): SqlValue {
  const field = fieldOf(name, type)
  if (field === 'epoch') return new Numeric(micros, 6)
  const seconds = Number(micros / 1_000_000n)
  const moment = {
    year: 2000,
    month: 1,
    day: 1,
    days: 0,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micro: Number(micros % 1_000_000n),
  }
  if (!['micro', 'milli', 'second', 'minute', 'hour'].includes(field)) throw unsupported(name, type)
  return momentField(moment, field) ?? null
}

function extractInterval(name: string, span: Interval, type: string): SqlValue {
  const field = fieldOf(name, type)
  const years = Math.trunc(span.months / 12)
  const inMinute = span.micros % 60_000_000n
  switch (field) {
    case 'micro':
      return numericOf(inMinute)
    case 'milli':
      return new Numeric(inMinute, 3)
    case 'second':
      return new Numeric(inMinute, 6)
    case 'minute':
      return numericOf((span.micros / 60_000_000n) % 60n)
    case 'hour':
      return numericOf(span.micros / 3_600_000_000n)
    case 'day':
      return numericOf(span.days)
    case 'week':
      return numericOf(Math.trunc(span.days / 7))
    case 'month':
      return numericOf(span.months % 12)
    case 'quarter':
      return numericOf(
        span.months >= 0 ? Math.trunc((span.months % 12) / 3) + 1 : -(Math.trunc((-span.months % 12) / 3) + 1),
      )
    case 'year':
      return numericOf(years)
    case 'decade':
      return numericOf(Math.trunc(years / 10))
    case 'century':
      return numericOf(Math.trunc(years / 100))
    case 'millennium':
      return numericOf(Math.trunc(years / 1000))
    case 'epoch':
      return intervalEpoch(span)
  }
  throw unsupported(name, type)
}

/** A year counts as 365.25 days here, a month as 30. */
function intervalEpoch(span: Interval): Numeric {
  const years = Math.trunc(span.months / 12)
  const days = BigInt(years) * 1461n + BigInt((span.months % 12) * 30 + span.days) * 4n
  return new Numeric((days * MICROS_PER_DAY) / 4n + span.micros, 6)
}

/** `date_part` is `extract` as a float. */
function asFloat(extract: Builtin): Builtin {
  return (values, env, call) => {
    const result = extract(values, env, call)
    return result instanceof Numeric ? numericToNumber(result) : result
  }
}

const extractors: Readonly<Record<string, Builtin>> = {
  timestamp: ([name, a], env, call) => extractTimestamp(asString(name), asBigint(a), typeName(call, env)),
  timestamptz: extractTimestamptz,
  date: ([name, a], env, call) => extractDate(asString(name), asNumber(a), typeName(call, env)),
  time: ([name, a], env, call) => extractTime(asString(name), asBigint(a), typeName(call, env)),
  interval: ([name, a], env, call) => extractInterval(asString(name), asInterval(a), typeName(call, env)),
}

/** Cuts a local moment to the beginning of a unit. */
function truncated(name: string, value: bigint, type: string): bigint {
  const unit = name.toLowerCase() === 'quarter' ? 'quarter' : unitOf(name)
  if (unit === undefined) {
    const other = OTHER.has(name.toLowerCase())
    throw other ? unsupported(name, type) : new SqlError('22023', `unit "${name}" not recognized for type ${type}`)
  }
  if (value === INFINITY || value === MINUS_INFINITY) return value
  const size = SIZES[unit]
  if (size !== undefined) return floorDivide(value, size) * size
  const { year, month, days } = momentOf(value)
  const at = (first: number, firstMonth = 1) => BigInt(daysOf(first, firstMonth, 1)) * MICROS_PER_DAY
  switch (unit) {
    case 'week':
      return BigInt(days - ((weekday(days) + 6) % 7)) * MICROS_PER_DAY
    case 'month':
      return at(year, month)
    case 'quarter':
      return at(year, Math.floor((month - 1) / 3) * 3 + 1)
    case 'year':
      return at(year)
    case 'decade':
      return at(Math.floor(year / 10) * 10)
    case 'century':
      return at(Math.floor((year - 1) / 100) * 100 + 1)
    case 'millennium':
      return at(Math.floor((year - 1) / 1000) * 1000 + 1)
  }
  throw unsupported(name, type)
}

/** A part of a day is cut with the offset that the moment has; the beginning of a day has its own. */
function truncatedIn(zone: Zone, name: string, value: bigint, type: string): bigint {
  const local = localIn(zone, value)
  const cut = truncated(name, local, type)
  const unit = unitOf(name)
  const inDay = unit !== undefined && unit !== 'day' && SIZES[unit] !== undefined
  return inDay && !isEndless(value) ? value - (local - cut) : universalIn(zone, cut)
}

const SIZES: Readonly<Record<string, bigint>> = {
  micro: 1n,
  milli: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
  day: MICROS_PER_DAY,
}

function truncatedInterval(name: string, span: Interval): Interval {
  const unit = name.toLowerCase() === 'quarter' ? 'quarter' : unitOf(name)
  if (unit === undefined) throw new SqlError('22023', `unit "${name}" not recognized for type interval`)
  if (unit === 'week') throw new SqlError('0A000', `unit "${name}" not supported for type interval`)
  const months = { millennium: 12000, century: 1200, decade: 120, year: 12, quarter: 3, month: 1 }[unit as string]
  if (months !== undefined) return new Interval(Math.trunc(span.months / months) * months + 0, 0, 0n)
  const size = SIZES[unit]
  if (unit === 'day' || size === undefined) return new Interval(span.months, span.days, 0n)
  return new Interval(span.months, span.days, (span.micros / size) * size)
}

export const EXTRACT: Builtins = {
  ...Object.fromEntries(Object.entries(extractors).map(([name, extract]) => [`extract_${name}`, extract])),
  timestamp_part: asFloat(extractors['timestamp'] ?? (() => null)),
  timestamptz_part: asFloat(extractTimestamptz),
  time_part: asFloat(extractors['time'] ?? (() => null)),
  interval_part: asFloat(extractors['interval'] ?? (() => null)),
  // date_part of a date is that of its midnight.
  date_part: asFloat(([name, a], env, call) =>
    extractTimestamp(
      asString(name),
      timestampOfDate(asNumber(a)),
      typeName(call, env).replace('date', 'timestamp without time zone'),
    ),
  ),
  timestamp_trunc: ([name, a], env, call) => truncated(asString(name), asBigint(a), typeName(call, env)),
  timestamptz_trunc: ([name, a], env, call) =>
    truncatedIn(zoneOf(env), asString(name), asBigint(a), typeName(call, env)),
  timestamptz_trunc_zone: ([name, a, zone], env, call) =>
    truncatedIn(namedZone(asString(zone)), asString(name), asBigint(a), typeName(call, env)),
  interval_trunc: ([name, a]) => truncatedInterval(asString(name), asInterval(a)),
}
