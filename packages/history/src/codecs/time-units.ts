import type { Json } from '../event.ts'

/** The unit of the times in a file. */
export interface Unit {
  readonly name: string
  readonly nanos: number
  /** Whether only the size of a time tells it. */
  readonly guessed: boolean
}

export const NANOSECONDS: Unit = { name: 'nanoseconds', nanos: 1, guessed: false }
const UNITS: readonly (readonly [names: RegExp, name: string, nanos: number])[] = [
  [/(?:_?ns|nanos|nanoseconds)$/i, 'nanoseconds', 1],
  [/(?:_?us|micros|microseconds)$/i, 'microseconds', 1e3],
  [/(?:_?ms|millis|milliseconds)$/i, 'milliseconds', 1e6],
  [/(?:_s|_sec|seconds)$/i, 'seconds', 1e9],
]

/** By their names; otherwise by their size, if they count from 1970; otherwise fractions are of microseconds. */
export function unitOf(names: readonly string[], times: readonly number[]): Unit {
  const named = UNITS.find(([pattern]) => names.every((name) => pattern.test(name)))
  if (named !== undefined) return { name: named[1], nanos: named[2], guessed: false }
  const largest = Math.max(...times)
  const of = (name: string, nanos: number): Unit => ({ name, nanos, guessed: true })
  if (largest >= 1e17) return NANOSECONDS
  if (largest >= 1e14) return of('microseconds', 1e3)
  if (largest >= 1e11) return of('milliseconds', 1e6)
  if (times.every(Number.isInteger)) return NANOSECONDS
  return largest >= 1e9 ? of('seconds', 1e9) : of('microseconds', 1e3)
}

const HUGE = /^-?\d{16,}N$/
const DATE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d/

/** A time as a number: large integers and dates are texts. Undefined for anything else. */
export function timeValue(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value !== 'string') return undefined
  if (HUGE.test(value)) return Number(value.slice(0, -1))
  const date = DATE.test(value) ? Date.parse(value) * 1e6 : Number.NaN
  return Number.isNaN(date) ? undefined : date
}
