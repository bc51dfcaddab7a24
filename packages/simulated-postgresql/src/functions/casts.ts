import { NotSupported, SqlError } from '../sql/error.ts'
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  floorDivide,
  INFINITY,
  inDay,
  isEndless,
  MICROS_PER_DAY,
  MINUS_INFINITY,
} from '../types/calendar.ts'
import { checkedTimestamp } from '../types/datetime.ts'
import { asBigint, asBoolean, asInterval, asJsonb, asNumber, asNumeric, asString } from '../types/definitions.ts'
import { jsonTypeName } from '../types/json.ts'
import { INT2, INT4, INT8, outOfRange, parseFloat8 } from '../types/numbers.ts'
import { formatNumeric, numericOf, numericOfFloat, roundedInteger } from '../types/numeric.ts'
import { fitName, withoutTrailingBlanks } from '../types/text.ts'
import { Interval, type Jsonb, Numeric, type SqlValue } from '../types/value.ts'
import { sessionZone, type Zone } from '../types/zone.ts'
import { roundFloat } from './arithmetic.ts'
import { type Builtins, taking, unchanged } from './builtin.ts'
import type { Env } from './session-facts.ts'

type Range = typeof INT4

function toInteger(value: bigint | number, range: Range): SqlValue {
  const whole = typeof value === 'bigint' ? value : BigInt(value)
  if (whole < range.least || whole > range.most) throw outOfRange(range)
  return range === INT8 ? whole : Number(whole)
}

function ofFloat(range: Range): (value: number) => SqlValue {
  return (value) => {
    if (!Number.isFinite(value)) throw outOfRange(range)
    return toInteger(roundFloat(value), range)
  }
}

function ofNumeric(range: Range): (value: Numeric) => SqlValue {
  return (value) => {
    const whole = roundedInteger(value)
    if (whole === undefined) {
      const what = value.special === 'NaN' ? 'NaN' : 'infinity'
      throw new SqlError('0A000', `cannot convert ${what} to ${range.name}`)
    }
    return toInteger(whole, range)
  }
}

function float4(value: number, finite: boolean): number {
  const single = Math.fround(value)
  if (!Number.isFinite(single) && finite) throw new SqlError('22003', 'value out of range: overflow')
  if (single === 0 && value !== 0) throw new SqlError('22003', 'value out of range: underflow')
  return single
}

const numbers: Builtins = {
  i2toi4: unchanged,
  i2tof: unchanged,
  i2tod: unchanged,
  i4tod: unchanged,
  ftod: unchanged,
  ...taking([asNumber], {
    int48: BigInt,
    int28: BigInt,
    i4toi2: (a) => toInteger(a, INT2),
    i4tof: Math.fround,
    int2_numeric: numericOf,
    int4_numeric: numericOf,
    dtof: (a) => float4(a, Number.isFinite(a)),
    ftoi2: ofFloat(INT2),
    ftoi4: ofFloat(INT4),
    ftoi8: ofFloat(INT8),
    dtoi2: ofFloat(INT2),
    dtoi4: ofFloat(INT4),
    dtoi8: ofFloat(INT8),
    float4_numeric: (a) => numericOfFloat(a, 6),
    float8_numeric: (a) => numericOfFloat(a, 15),
    oidtoi8: BigInt,
  }),
  ...taking([asBigint], {
    int84: (a) => toInteger(a, INT4),
    int82: (a) => toInteger(a, INT2),
    i8tod: Number,
    i8tof: roundedOnce,
    int8_numeric: numericOf,
    i8tooid: (a) => {
      if (a < 0n || a > 4294967295n) throw outOfRange({ name: 'OID' })
      return Number(a)
    },
  }),
  ...taking([asNumeric], {
    numeric_int2: ofNumeric(INT2),
    numeric_int4: ofNumeric(INT4),
    numeric_int8: ofNumeric(INT8),
    numeric_float8: (a) => parseFloat8(formatNumeric(a)),
    numeric_float4: (a) => parseFloat8(formatNumeric(a), 'real'),
  }),
}

const texts: Builtins = {
  char_text: unchanged,
  char_bpchar: unchanged,
  name_text: unchanged,
  name_bpchar: unchanged,
  network_show: unchanged,
  ...taking([asBoolean], { bool_int4: Number, booltext: String }),
  ...taking([asNumber], { int4_bool: (a) => a !== 0 }),
  ...taking([asString], {
    text_char: (a) => a.slice(0, 1),
    text_name: fitName,
    bpchar_name: (a) => fitName(withoutTrailingBlanks(a)),
    network_host: (a) => a.replace(/\/\d+$/, ''),
    rtrim1: withoutTrailingBlanks,
    text_regclass: (a, { session }) => {
      if (session.relation === undefined) throw new NotSupported('regclass')
      return session.relation(a)
    },
  }),
}

export function timestampOfDate(days: number): bigint {
  if (days === DATE_INFINITY) return INFINITY
  if (days === DATE_MINUS_INFINITY) return MINUS_INFINITY
  const value = BigInt(days) * MICROS_PER_DAY
  try {
    return checkedTimestamp(value)
  } catch {
    throw new SqlError('22008', 'date out of range for timestamp')
  }
}

function dateOfTimestamp(value: bigint): number {
  if (value === INFINITY) return DATE_INFINITY
  if (value === MINUS_INFINITY) return DATE_MINUS_INFINITY
  return Number(floorDivide(value, MICROS_PER_DAY))
}

function timeOfTimestamp(value: bigint): bigint | null {
  return isEndless(value) ? null : inDay(value)
}

function toUniversal(local: bigint, env: Env): bigint {
  return universalIn(zoneOf(env), local)
}

export function zoneOf(env: Env): Zone {
  return sessionZone(env.session.setting('TimeZone'))
}

export function universalIn(zone: Zone, local: bigint): bigint {
  return isEndless(local) ? local : checkedTimestamp(zone.toUniversal(local))
}

export function localIn(zone: Zone, universal: bigint): bigint {
  return isEndless(universal) ? universal : checkedTimestamp(zone.toLocal(universal))
}

export function toLocal(universal: bigint, env: Env): bigint {
  return localIn(zoneOf(env), universal)
}

const moments: Builtins = {
  ...taking([asNumber], {
    date_timestamp: timestampOfDate,
    date_timestamptz: (a, env) => toUniversal(timestampOfDate(a), env),
  }),
  ...taking([asBigint], {
    timestamp_date: dateOfTimestamp,
    timestamp_time: timeOfTimestamp,
    timestamp_timestamptz: toUniversal,
    timestamptz_timestamp: toLocal,
    timestamptz_date: (a, env) => dateOfTimestamp(toLocal(a, env)),
    timestamptz_time: (a, env) => timeOfTimestamp(toLocal(a, env)),
    time_interval: (a) => new Interval(0, 0, a),
  }),
  ...taking([asInterval], { interval_time: ({ micros }) => inDay(micros) }),
}

function jsonNumber(convert: (value: Numeric) => SqlValue, name: string): (document: Jsonb) => SqlValue {
  return ({ value }) => {
    if (value === null) return null
    if (value instanceof Numeric) return convert(value)
    throw cannotCast(jsonTypeName(value), name)
  }
}

function cannotCast(kind: string, name: string): SqlError {
  return new SqlError('22023', `cannot cast jsonb ${kind} to type ${name}`)
}

const json: Builtins = taking([asJsonb], {
  jsonb_bool: ({ value }) => {
    if (value === null || typeof value === 'boolean') return value
    throw cannotCast(jsonTypeName(value) === 'number' ? 'numeric' : jsonTypeName(value), 'boolean')
  },
  jsonb_numeric: jsonNumber((value) => value, 'numeric'),
  jsonb_int2: jsonNumber((value) => toInteger(roundedInteger(value) ?? 0n, INT2), 'smallint'),
  jsonb_int4: jsonNumber((value) => toInteger(roundedInteger(value) ?? 0n, INT4), 'integer'),
  jsonb_int8: jsonNumber((value) => toInteger(roundedInteger(value) ?? 0n, INT8), 'bigint'),
  jsonb_float4: jsonNumber((value) => parseFloat8(formatNumeric(value), 'real'), 'real'),
  jsonb_float8: jsonNumber((value) => parseFloat8(formatNumeric(value)), 'double precision'),
})

export const CASTS_BY_FUNCTION: Builtins = { ...numbers, ...texts, ...moments, ...json }

/**
 * Returns the nearest float4. Keeps 48 bits, and sets the last one if any dropped bit is 1. Otherwise, rounding twice
 * could produce a false tie.
 */
function roundedOnce(value: bigint): number {
  const size = value < 0n ? -value : value
  const shift = BigInt(Math.max(0, size.toString(2).length - 48))
  const kept = size >> shift
  const sticky = kept << shift === size ? kept : kept | 1n
  return Math.fround(Number(sticky) * 2 ** Number(shift)) * (value < 0n ? -1 : 1)
}
