import { NotComputed } from '../types/calculator.ts'
import { daysOf, floorDivide, isoWeek, MICROS_PER_DAY, type Moment, momentOf, weekday } from '../types/calendar.ts'
import { asBigint, asInterval, asNumber, asString } from '../types/definitions.ts'
import { MICROS, unitOf } from '../types/interval.ts'
import { numericOf, numericToNumber } from '../types/numeric.ts'
import { type Interval, Numeric } from '../types/value.ts'
import { namedZone, type Zone } from '../types/zone.ts'
import type { Builtin, Builtins } from './builtin.ts'
import { isEndless, localIn, timestampOfDate, toLocal, universalIn, zoneOf } from './casts.ts'

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

/** Matches fields that `unitOf` does not know: fields that are not units, and `quarter`, a unit that intervals lack. */
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

const extractTimestamp: Builtin = ([name, a]) => extractMoment(asString(name), asBigint(a))
const extractTimestamptz: Builtin = ([name, a], env) =>
  extractMoment(asString(name), toLocal(asBigint(a), env), asBigint(a))
const extractInterval: Builtin = ([name, a]) => fieldIn(OF_INTERVAL, asString(name))(asInterval(a))

/** Returns `date_part`: `extract` with a float result. */
function asFloat(extract: Builtin): Builtin {
  return (values, env, call) => {
    const result = extract(values, env, call)
    return result instanceof Numeric ? numericToNumber(result) : result
  }
}

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
 * Truncates a timestamp in a zone. Units below a day keep the offset of the timestamp from UTC. Longer units take the
 * offset at the truncated time.
 */
function truncatedIn(zone: Zone, name: string, value: bigint): bigint {
  const unit = unitNamed(name)
  const local = localIn(zone, value)
  const cut = truncated(unit, local)
  return IN_DAY.has(unit) && !isEndless(value) ? value - (local - cut) : universalIn(zone, cut)
}

export const EXTRACT: Builtins = {
  extract_timestamp: extractTimestamp,
  extract_timestamptz: extractTimestamptz,
  extract_date: ([name, a]) => extractDate(asString(name), asNumber(a)),
  extract_interval: extractInterval,
  timestamp_part: asFloat(extractTimestamp),
  timestamptz_part: asFloat(extractTimestamptz),
  interval_part: asFloat(extractInterval),
  // A date has the fields of its midnight.
  date_part: asFloat(([name, a]) => extractMoment(asString(name), timestampOfDate(asNumber(a)))),
  timestamp_trunc: ([name, a]) => truncated(unitNamed(asString(name)), asBigint(a)),
  timestamptz_trunc: ([name, a], env) => truncatedIn(zoneOf(env), asString(name), asBigint(a)),
  timestamptz_trunc_zone: ([name, a, zone]) => truncatedIn(namedZone(asString(zone)), asString(name), asBigint(a)),
}
