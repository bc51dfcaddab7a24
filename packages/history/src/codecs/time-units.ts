import { type Instant, instantOfNanos } from '../event/epoch.ts'
import type { Json } from '../event/event.ts'

export interface Unit {
  readonly name: string
  readonly nanos: number
  readonly guessed: boolean
  /** Whether the unit is a default, because neither the name nor the size of the times shows their unit. */
  readonly assumed?: boolean
}

export const NANOSECONDS: Unit = { name: 'nanoseconds', nanos: 1, guessed: false }
const UNITS: readonly (readonly [names: RegExp, name: string, nanos: number])[] = [
  [/(?:_?ns|nanos?|nanoseconds)$/i, 'nanoseconds', 1],
  [/(?:_?us|micros|microseconds)$/i, 'microseconds', 1e3],
  [/(?:_?ms|millis|milliseconds)$/i, 'milliseconds', 1e6],
  [/(?:_s|_sec|seconds)$/i, 'seconds', 1e9],
]

/** The unit at the end of a time's name. */
export function unitNamed(name: string): Unit | undefined {
  const named = UNITS.find(([pattern]) => pattern.test(name))
  return named === undefined ? undefined : { name: named[1], nanos: named[2], guessed: false }
}

/** The range of times in a file, as evidence of their unit. */
export interface Extent {
  readonly earliest: number
  readonly latest: number
  readonly hasFractions: boolean
}

export const extentOf = (times: readonly number[]): Extent => ({
  earliest: Math.min(...times),
  latest: Math.max(...times),
  hasFractions: !times.every(Number.isInteger),
})

/**
 * Returns the unit of times. Takes the unit in their name if it shows one. Otherwise guesses the unit from the size, as
 * times since 1970. If the size does not show the unit either, fractions count as seconds, because this preserves their
 * digits. Integers then count as nanoseconds, as in the native `call` and `return`.
 */
export function unitOf(name: string, { earliest, latest, hasFractions }: Extent): Unit {
  const named = unitNamed(name)
  if (named !== undefined) return named
  const of = (name: string, nanos: number): Unit => ({ name, nanos, guessed: true })
  if (latest >= 1e17) return NANOSECONDS
  if (latest >= 1e14) return of('microseconds', 1e3)
  if (latest >= 1e11) return of('milliseconds', 1e6)
  if (earliest >= IN_2017 && latest < IN_2036) return of('seconds', 1e9)
  if (hasFractions) return { ...of('seconds', 1e9), assumed: true }
  return /^:?call$/i.test(name) ? NANOSECONDS : { ...NANOSECONDS, guessed: true, assumed: true }
}

/** Seconds from 1970 to 2017. */
const IN_2017 = 1.5e9
const IN_2036 = 2.1e9

/** An integer or decimal, also in the form of `exactNumber`. */
const DECIMAL = /^(-?\d+)(?:\.(\d{1,30}))?(?:N|e(-?\d{1,3}))?$/
const DATE =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)?(?: ?Z| ?([+-]\d\d):?(\d\d))?(?: [A-Z]{1,5})?(?: m=\S+)?$/

/** Times are integers, in billionths of their unit. This preserves all digits. */
const PARTS_PER_UNIT = 10n ** 9n
const NANOS_PER_SECOND = 10n ** 9n

/**
 * Returns a time in billionths of its unit (see `PARTS_PER_UNIT`), and a date in billionths of a nanosecond. Returns
 * undefined for any other value.
 */
export function exactTime(value: Json | undefined): bigint | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? timeParts(value) : undefined
  if (typeof value !== 'string') return undefined
  const [, digits, fraction = '', exponent = '0'] = DECIMAL.exec(value) ?? []
  if (digits !== undefined)
    return scaled(BigInt(digits + fraction) * PARTS_PER_UNIT, Number(exponent) - fraction.length)
  const date = dateInstant(value)
  return date && (BigInt(date.seconds) * NANOS_PER_SECOND + BigInt(date.nanos)) * PARTS_PER_UNIT
}

export function timeParts(value: number): bigint {
  const whole = Math.floor(value)
  return BigInt(whole) * PARTS_PER_UNIT + BigInt(Math.round((value - whole) * Number(PARTS_PER_UNIT)))
}

const scaled = (value: bigint, power: number): bigint =>
  power < 0 ? value / 10n ** BigInt(-power) : value * 10n ** BigInt(power)

/** Converts an exact time to an instant, rounded to the nearest nanosecond. */
export function instantOf(time: bigint, { nanos: unit }: Unit): Instant {
  const half = PARTS_PER_UNIT / (time < 0n ? -2n : 2n)
  const nanos = (time * BigInt(unit) + half) / PARTS_PER_UNIT
  return { seconds: Number(nanos / NANOS_PER_SECOND), nanos: Number(nanos % NANOS_PER_SECOND) }
}

/** Converts billionths of a unit to units. The result is rounded to a double. */
export const valueOfParts = (parts: bigint): number => Number(parts) / Number(PARTS_PER_UNIT)

/**
 * Returns a time as a double; undefined for any other value. A double rounds nanoseconds since 1970, so use `exactTime`
 * if exactness matters.
 */
export function timeValue(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  const time = exactTime(value)
  return time === undefined ? undefined : valueOfParts(time)
}

const DURATION = /^(\d+(?:\.\d+)?) ?(ns|[uµμ]s|ms|s)$/
const NANOS_PER: { readonly [unit: string]: number } = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 }

/**
 * A duration. If the value itself names the unit (`8ms`), also the unit in nanoseconds. Undefined for any other value.
 */
export function durationOf(value: Json | undefined): { readonly took: number; readonly unit?: number } | undefined {
  const [, digits, unit = ''] = typeof value === 'string' ? (DURATION.exec(value) ?? []) : []
  if (digits !== undefined) return { took: Number(digits), unit: NANOS_PER[unit.replace(/[µμ]/, 'u')] ?? 1 }
  const took = timeValue(value)
  return took === undefined ? undefined : { took }
}

/** The instant of a number of nanoseconds or a date; undefined for any other value. */
export function nanosInstant(value: Json): Instant | undefined {
  if (typeof value === 'number') return Number.isInteger(value) ? instantOfNanos(value) : undefined
  if (typeof value !== 'string') return undefined
  if (INTEGER.test(value)) return instantOf(BigInt(value.replace('N', '')) * PARTS_PER_UNIT, NANOSECONDS)
  return dateInstant(value)
}

const INTEGER = /^-?\d+N?$/

/** The instant of a date, in UTC unless it names a zone. `Date.parse` alone drops fractions of a millisecond. */
function dateInstant(text: string): Instant | undefined {
  const [, day, clock, fraction = '', hours = '+00', minutes = '00'] = DATE.exec(text) ?? []
  const millis = Date.parse(`${day}T${clock}${hours}:${minutes}`)
  return Number.isNaN(millis) ? undefined : { seconds: millis / 1000, nanos: Number(fraction.padEnd(9, '0')) }
}
