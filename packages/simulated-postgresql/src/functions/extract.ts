import { NotComputed } from '../types/calculator.ts'
import {
  daysOf,
  floorDivide,
  isEndless,
  isoWeek,
  MICROS_PER_DAY,
  type Moment,
  momentOf,
  weekday,
} from '../types/calendar.ts'
import { asBigint, asInterval, asNumber, asString } from '../types/definitions.ts'
import { MICROS, unitOf } from '../types/interval.ts'
import { numericOf, numericToNumber } from '../types/numeric.ts'
import { type Interval, Numeric } from '../types/value.ts'
import { namedZone, type Zone } from '../types/zone.ts'
import { type Builtins, taking } from './builtin.ts'
import { localIn, timestampOfDate, toLocal, universalIn, zoneOf } from './casts.ts'
import type { Env } from './session-facts.ts'

/** Microseconds between 1970-01-01 and 2000-01-01. */
const UNIX_EPOCH = 946_684_800_000_000n

/** The supported fields of a timestamp: those that services use in queries. */
const FIELDS: Readonly<Record<string, (moment: Moment) => Numeric>> = {
  micro: (moment) => numericOf(microsOf(moment)),
  milli: (moment) => new Numeric(BigInt(microsOf(moment)), 3),
  second: (moment) => new Numeric(BigInt(microsOf(moment)), 6),
  minute: ({ minute }) => numericOf(minute),
  hour: ({ hour }) => numericOf(hour),
  day: ({ day }) => numericOf(day),
  week: ({ days }) => numericOf(isoWeek(days).week),
  month: ({ month }) => numericOf(month),
  quarter: ({ month }) => numericOf(Math.floor((month - 1) / 3) + 1),
  year: ({ year }) => numericOf(year > 0 ? year : year - 1),
  dow: ({ days }) => numericOf(weekday(days)),
  isodow: ({ days }) => numericOf(((weekday(days) + 6) % 7) + 1),
  doy: ({ days, year }) => numericOf(days - daysOf(year, 1, 1) + 1),
}

const microsOf = ({ second, micro }: Moment): number => second * 1_000_000 + micro

/** Returns a field of a local timestamp. `universal` is the time in UTC, for the seconds since 1970. */
function extractMoment(name: string, local: bigint, universal = local): Numeric {
  if (isEndless(local)) throw new NotComputed('EXTRACT from an infinite timestamp')
  if (unitNamed(name) === 'epoch') return new Numeric(universal + UNIX_EPOCH, 6)
  return fieldIn(FIELDS, name)(momentOf(local))
}

/**
 * Matches the fields that `unitOf` does not know. `quarter` is a unit that intervals lack. The other fields are not
 * units.
 */
const OTHER = /^(?:dow|isodow|doy|epoch|quarter)$/i

const unitNamed = (name: string): string => unitOf(name) ?? (OTHER.test(name) ? name.toLowerCase() : '')

function fieldIn<T>(fields: Readonly<Record<string, T>>, name: string): T {
  const field = fields[unitNamed(name)]
  if (field === undefined) throw new NotComputed(`the field ${name} of a timestamp`)
  return field
}

/** Returns a field of a date, which has no time of day. */
function extractDate(name: string, days: number): Numeric {
  const found = extractMoment(name, timestampOfDate(days))
  if (unitNamed(name) === 'epoch') return numericOf(found.unscaled / 1_000_000n)
  if (IN_DAY.has(unitNamed(name))) throw new NotComputed(`the field ${name} of a date`)
  return found
}

const OF_INTERVAL: Readonly<Record<string, (span: Interval) => Numeric>> = {
  second: ({ micros }) => new Numeric(micros % 60_000_000n, 6),
  minute: ({ micros }) => numericOf((micros / 60_000_000n) % 60n),
  hour: ({ micros }) => numericOf(micros / 3_600_000_000n),
  day: ({ days }) => numericOf(days),
  month: ({ months }) => numericOf(months % 12),
  year: ({ months }) => numericOf(Math.trunc(months / 12)),
  // In the epoch of an interval, a year has 365.25 days and a month has 30 days.
  epoch: ({ months, days, micros }) => {
    const quarters = BigInt(Math.trunc(months / 12)) * 1461n + BigInt((months % 12) * 30 + days) * 4n
    return new Numeric((quarters * MICROS_PER_DAY) / 4n + micros, 6)
  },
}

const extractTimestamp = (name: string, a: bigint): Numeric => extractMoment(name, a)
const extractTimestamptz = (name: string, a: bigint, env: Env): Numeric => extractMoment(name, toLocal(a, env), a)
const extractInterval = (name: string, a: Interval): Numeric => fieldIn(OF_INTERVAL, name)(a)

/** Returns `date_part`: `extract` with a float result. */
const asFloat =
  <Given extends readonly unknown[]>(extract: (...given: Given) => Numeric) =>
  (...given: Given): number =>
    numericToNumber(extract(...given))

const SIZES: Readonly<Record<string, bigint>> = { ...MICROS, day: MICROS_PER_DAY }
const IN_DAY: ReadonlySet<string> = new Set(Object.keys(MICROS))

function truncated(unit: string, value: bigint): bigint {
  if (isEndless(value)) return value
  const size = SIZES[unit]
  if (size !== undefined) return floorDivide(value, size) * size
  const { year, month, days } = momentOf(value)
  const at = (firstMonth: number) => BigInt(daysOf(year, firstMonth, 1)) * MICROS_PER_DAY
  switch (unit) {
    case 'week':
      return BigInt(days - ((weekday(days) + 6) % 7)) * MICROS_PER_DAY
    case 'month':
      return at(month)
    case 'quarter':
      return at(Math.floor((month - 1) / 3) * 3 + 1)
    case 'year':
      return at(1)
  }
  throw new NotComputed('date_trunc with this unit')
}

/**
 * Truncates a timestamp in a time zone. With a unit below a day, the result has the same offset from UTC as the
 * timestamp. With a longer unit, the result has the offset at the truncated time.
 */
function truncatedIn(zone: Zone, name: string, value: bigint): bigint {
  const unit = unitNamed(name)
  const local = localIn(zone, value)
  const cut = truncated(unit, local)
  return IN_DAY.has(unit) && !isEndless(value) ? value - (local - cut) : universalIn(zone, cut)
}

export const EXTRACT: Builtins = {
  ...taking([asString, asBigint], {
    extract_timestamp: extractTimestamp,
    extract_timestamptz: extractTimestamptz,
    timestamp_part: asFloat(extractTimestamp),
    timestamptz_part: asFloat(extractTimestamptz),
    timestamp_trunc: (name, a) => truncated(unitNamed(name), a),
    timestamptz_trunc: (name, a, env) => truncatedIn(zoneOf(env), name, a),
  }),
  ...taking([asString, asInterval], { extract_interval: extractInterval, interval_part: asFloat(extractInterval) }),
  ...taking([asString, asNumber], {
    extract_date: extractDate,
    // A date has the fields of its midnight.
    date_part: (name, a) => numericToNumber(extractMoment(name, timestampOfDate(a))),
  }),
  ...taking([asString, asBigint, asString], {
    timestamptz_trunc_zone: (name, a, zone) => truncatedIn(namedZone(zone), name, a),
  }),
}
