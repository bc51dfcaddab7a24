import { order } from '../order.ts'
import { NotSupported, SqlError } from '../sql/error.ts'
import { NotComputed } from './calculator.ts'
import { roundHalfEven } from './calendar.ts'
import { formatTime, roundMicros } from './datetime.ts'
import { Interval } from './value.ts'

const DAY = 86_400_000_000n

/** Returns the microseconds of an interval, with 30 days per month and 24 hours per day. */
export function intervalMicros(value: Interval): bigint {
  return (BigInt(value.months) * 30n + BigInt(value.days)) * DAY + value.micros
}

export function compareInterval(a: Interval, b: Interval): number {
  return order(intervalMicros(a), intervalMicros(b))
}

/** Formats an interval in the IntervalStyle `postgres`: `1 year 2 mons -3 days +04:05:06.7`. */
export function formatInterval(value: Interval): string {
  const parts: string[] = []
  let negative = false
  for (const [amount, unit] of [
    [Math.trunc(value.months / 12), 'year'],
    [value.months % 12, 'mon'],
    [value.days, 'day'],
  ] as const) {
    if (amount === 0) continue
    parts.push(`${negative && amount > 0 ? '+' : ''}${amount} ${unit}${amount === 1 ? '' : 's'}`)
    negative = amount < 0
  }
  if (parts.length === 0 || value.micros !== 0n) {
    const sign = value.micros < 0n ? '-' : negative ? '+' : ''
    parts.push(sign + formatTime(value.micros < 0n ? -value.micros : value.micros))
  }
  return parts.join(' ')
}

type Unit =
  | 'micro'
  | 'milli'
  | 'second'
  | 'minute'
  | 'hour'
  | 'day'
  | 'week'
  | 'month'
  | 'year'
  | 'decade'
  | 'century'
  | 'millennium'

const UNIT_NAMES: ReadonlyMap<string, Unit> = new Map(
  (
    [
      ['micro', 'us usec usecs usecond useconds microsecon microsecond microseconds'],
      ['milli', 'ms msec msecs msecond mseconds millisecon millisecond milliseconds'],
      ['second', 's sec secs second seconds'],
      ['minute', 'm min mins minute minutes'],
      ['hour', 'h hr hrs hour hours'],
      ['day', 'd day days'],
      ['week', 'w week weeks'],
      ['month', 'mon mons month months'],
      ['year', 'y yr yrs year years'],
      ['decade', 'dec decs decade decades'],
      ['century', 'c cent century centuries'],
      ['millennium', 'mil mils millennia millennium'],
    ] as const
  ).flatMap(([unit, names]) => names.split(' ').map((name) => [name, unit] as const)),
)

export function unitOf(name: string): Unit | undefined {
  return UNIT_NAMES.get(name.toLowerCase())
}

/** The microseconds of the units below a day. */
export const MICROS: Partial<Record<Unit, bigint>> = {
  micro: 1n,
  milli: 1000n,
  second: 1_000_000n,
  minute: 60_000_000n,
  hour: 3_600_000_000n,
}
const MONTHS: Partial<Record<Unit, number>> = { month: 1, year: 12, decade: 120, century: 1200, millennium: 12000 }

const PART = /\s*([+-]?)(?:(\d+)(?:\.(\d*))?\s*([a-z]+)|(\d+):(\d\d)(?::(\d\d)(?:\.(\d*))?)?(?![\d.:]))/y

/**
 * Parses the output form of intervals, and numbers with units. Throws {@link NotComputed} for other forms that
 * PostgreSQL parses. A bare number counts seconds, or the last field of the type.
 */
export function parseInterval(text: string, defaultUnit: Unit = 'second'): Interval {
  const given = text.trim().toLowerCase()
  if (/^[+-]?infinity$/.test(given)) throw new NotSupported('an infinite interval')
  const read = /^[+-]?\d+$/.test(given) ? `${given} ${defaultUnit}` : given
  let [months, days, micros] = [0, 0, 0n]
  const seen = new Set<Unit>()
  const add = (sign: number, whole: string, fraction: string, unit: Unit): void => {
    if (seen.has(unit)) throw invalid(text)
    seen.add(unit)
    const size = MICROS[unit]
    if (size !== undefined) {
      const rest = fraction === '' ? 0 : roundHalfEven(Number(`0.${fraction}`) * Number(size))
      micros += BigInt(sign) * (BigInt(whole) * size + BigInt(rest))
    } else if (Number(fraction) > 0) throw new NotComputed(`the interval '${text}'`)
    else if (MONTHS[unit] === undefined) days += sign * Number(whole) * (unit === 'week' ? 7 : 1)
    else months += sign * Number(whole) * MONTHS[unit]
  }
  PART.lastIndex = 0
  while (PART.lastIndex < read.length || read === '') {
    const found = PART.exec(read)
    if (found === null) throw unread(text)
    const [, minus, whole, fraction = '', name = '', hours, minutes = '', seconds = '0', part = ''] = found
    const sign = minus === '-' ? -1 : 1
    if (hours !== undefined) {
      if (Number(minutes) > 59 || Number(seconds) > 59) throw outOfRange(text)
      add(sign, hours, '', 'hour')
      add(sign, minutes, '', 'minute')
      add(sign, seconds, part, 'second')
      continue
    }
    const unit = unitOf(name)
    if (unit === undefined) throw unread(text)
    add(sign, whole ?? '', fraction, unit)
  }
  const tooLarge = (count: number) => count > 2147483647 || count < -2147483648
  if (tooLarge(months) || tooLarge(days) || BigInt.asIntN(64, micros) !== micros) throw outOfRange(text)
  return new Interval(months + 0, days + 0, micros)
}

/**
 * Returns the error for a text that was not parsed. NotComputed if the text has digits and no unknown word, because
 * PostgreSQL may accept such a text.
 */
function unread(text: string): Error {
  const lower = text.trim().toLowerCase()
  const words = lower.match(/[a-z]+/g) ?? []
  const isIso = /^p[\dymwdths:.+-]+$/.test(lower)
  const isKnown = isIso || words.every((word) => word === 'ago' || unitOf(word) !== undefined)
  return isKnown && /\d/.test(lower) ? new NotComputed(`the interval '${text}'`) : invalid(text)
}

function outOfRange(text: string): SqlError {
  return new SqlError('22015', `interval field value out of range: "${text}"`)
}

function invalid(text: string): SqlError {
  return new SqlError('22007', `invalid input syntax for type interval: "${text}"`)
}

/** The bits of a modifier that name the fields of intervals: `INTERVAL_MASK` of datetime.h. */
export const INTERVAL_FIELDS: readonly (readonly [number, Unit])[] = [
  [1 << 2, 'year'],
  [1 << 1, 'month'],
  [1 << 3, 'day'],
  [1 << 10, 'hour'],
  [1 << 11, 'minute'],
  [1 << 12, 'second'],
]
export const FULL_RANGE = 0x7fff

/** For `interval minute to second`, the text `1:30` means minutes and seconds. */
export const isMinuteToSecond = (typmod: number): boolean =>
  typmod >= 0 && ((typmod >> 16) & FULL_RANGE) === ((1 << 11) | (1 << 12))

export function unitOfTypmod(typmod: number): Unit {
  if (typmod < 0) return 'second'
  const range = (typmod >> 16) & FULL_RANGE
  if (range === FULL_RANGE) return 'second'
  return INTERVAL_FIELDS.findLast(([bit]) => (range & bit) !== 0)?.[1] ?? 'second'
}

/**
 * Truncates an interval to the last field of its type: HOUR in `DAY TO HOUR`. Rounds its seconds to the precision of
 * the type.
 */
export function fitInterval(value: Interval, typmod: number): Interval {
  if (typmod < 0) return value
  const precision = typmod & 0xffff
  const unit = unitOfTypmod(typmod)
  const cut = (size: bigint) => (value.micros / size) * size
  switch (unit) {
    case 'year':
      return new Interval(Math.trunc(value.months / 12) * 12, 0, 0n)
    case 'month':
      return new Interval(value.months, 0, 0n)
    case 'day':
      return new Interval(value.months, value.days, 0n)
    case 'hour':
      return new Interval(value.months, value.days, cut(3_600_000_000n))
    case 'minute':
      return new Interval(value.months, value.days, cut(60_000_000n))
    default:
      return new Interval(
        value.months,
        value.days,
        precision === 0xffff ? value.micros : roundMicros(value.micros, precision),
      )
  }
}
