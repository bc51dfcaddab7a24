import type { Json } from '../event/event.ts'

export interface Unit {
  readonly name: string
  readonly nanos: number
  /** Whether it was guessed from the size of a time. */
  readonly guessed: boolean
}

export const NANOSECONDS: Unit = { name: 'nanoseconds', nanos: 1, guessed: false }
const UNITS: readonly (readonly [names: RegExp, name: string, nanos: number])[] = [
  [/(?:_?ns|nanos|nanoseconds)$/i, 'nanoseconds', 1],
  [/(?:_?us|micros|microseconds)$/i, 'microseconds', 1e3],
  [/(?:_?ms|millis|milliseconds)$/i, 'milliseconds', 1e6],
  [/(?:_s|_sec|seconds)$/i, 'seconds', 1e9],
]

/** The unit that the name of a time ends in. */
export function unitNamed(name: string): Unit | undefined {
  const named = UNITS.find(([pattern]) => pattern.test(name))
  return named === undefined ? undefined : { name: named[1], nanos: named[2], guessed: false }
}

/** The times of a file, as evidence of their unit. */
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

/** By their names; otherwise by their size, if they count from 1970; otherwise fractions are of seconds, which loses none of them. */
export function unitOf(names: readonly string[], { earliest, latest, hasFractions }: Extent): Unit {
  const [named, ...others] = names.map(unitNamed)
  if (named !== undefined && others.every((other) => other?.nanos === named.nanos)) return named
  const of = (name: string, nanos: number): Unit => ({ name, nanos, guessed: true })
  if (latest >= 1e17) return NANOSECONDS
  if (latest >= 1e14) return of('microseconds', 1e3)
  if (latest >= 1e11) return of('milliseconds', 1e6)
  return hasFractions || (earliest >= IN_2017 && latest < IN_2036) ? of('seconds', 1e9) : NANOSECONDS
}

/** In seconds since 1970. */
const IN_2017 = 1.5e9
const IN_2036 = 2.1e9

const INTEGER = /^-?\d+N?$/
const DATE =
  /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d)?)(?:[.,](\d{1,9})\d*)?(?: ?Z| ?([+-]\d\d):?(\d\d))?(?: [A-Z]{1,5})?(?: m=\S+)?$/

/** A time as a number: large integers and dates are texts. Undefined for anything else. */
export function timeValue(value: Json | undefined): number | undefined {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  return typeof value === 'string' ? (integerIn(value) ?? dateNanos(value)) : undefined
}

/** An integer that no number of JSON holds exactly, as programs and our parser of JSON write it. */
export const integerIn = (text: string): number | undefined =>
  INTEGER.test(text) ? Number(text.replace('N', '')) : undefined

/** A date, in nanoseconds since 1970 and UTC unless it says otherwise. `Date.parse` alone drops what is below a millisecond. */
export function dateNanos(text: string): number | undefined {
  const [, day, clock, fraction = '', hours = '+00', minutes = '00'] = DATE.exec(text) ?? []
  const seconds = Date.parse(`${day}T${clock}${hours}:${minutes}`) * 1e6
  return Number.isNaN(seconds) ? undefined : seconds + Number(fraction.padEnd(9, '0'))
}
