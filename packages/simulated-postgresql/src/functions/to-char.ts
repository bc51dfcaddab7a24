import { NotSupported } from '../sql/error.ts'
import { daysOf, isoWeek, type Moment, momentOf, weekday } from '../types/calendar.ts'
import { asBigint, asNumber, asNumeric, asString } from '../types/definitions.ts'
import { compareNumeric, formatNumeric, numericOf, numericOfFloat, roundNumeric } from '../types/numeric.ts'
import type { Numeric } from '../types/value.ts'
import type { Builtins } from './builtin.ts'
import { isEndless, toLocal, zoneOf } from './casts.ts'

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

interface Instant {
  readonly moment: Moment
  /** Seconds east of UTC; undefined without a zone. */
  readonly zone: number | undefined
}

type Writer = (instant: Instant) => string | number

/** A number is padded with zeros to the length of its pattern, unless FM comes before. */
const NUMBERS: Readonly<Record<string, readonly [number, Writer]>> = {
  YYYY: [4, ({ moment }) => era(moment.year)],
  YYY: [3, ({ moment }) => era(moment.year) % 1000],
  YY: [2, ({ moment }) => era(moment.year) % 100],
  Y: [1, ({ moment }) => era(moment.year) % 10],
  IYYY: [4, ({ moment }) => era(isoWeek(moment.days).year)],
  IYY: [3, ({ moment }) => era(isoWeek(moment.days).year) % 1000],
  IY: [2, ({ moment }) => era(isoWeek(moment.days).year) % 100],
  MM: [2, ({ moment }) => moment.month],
  DDD: [3, ({ moment }) => moment.days - daysOf(moment.year, 1, 1) + 1],
  DD: [2, ({ moment }) => moment.day],
  D: [1, ({ moment }) => weekday(moment.days) + 1],
  ID: [1, ({ moment }) => ((weekday(moment.days) + 6) % 7) + 1],
  HH24: [2, ({ moment }) => moment.hour],
  HH12: [2, ({ moment }) => moment.hour % 12 || 12],
  HH: [2, ({ moment }) => moment.hour % 12 || 12],
  MI: [2, ({ moment }) => moment.minute],
  SS: [2, ({ moment }) => moment.second],
  MS: [3, ({ moment }) => Math.floor(moment.micro / 1000)],
  US: [6, ({ moment }) => moment.micro],
  FF1: [1, ({ moment }) => Math.floor(moment.micro / 100000)],
  FF2: [2, ({ moment }) => Math.floor(moment.micro / 10000)],
  FF3: [3, ({ moment }) => Math.floor(moment.micro / 1000)],
  FF4: [4, ({ moment }) => Math.floor(moment.micro / 100)],
  FF5: [5, ({ moment }) => Math.floor(moment.micro / 10)],
  FF6: [6, ({ moment }) => moment.micro],
  SSSSS: [1, ({ moment }) => moment.hour * 3600 + moment.minute * 60 + moment.second],
  SSSS: [1, ({ moment }) => moment.hour * 3600 + moment.minute * 60 + moment.second],
  WW: [2, ({ moment }) => Math.floor((moment.days - daysOf(moment.year, 1, 1)) / 7) + 1],
  IW: [2, ({ moment }) => isoWeek(moment.days).week],
  W: [1, ({ moment }) => Math.floor((moment.day - 1) / 7) + 1],
  Q: [1, ({ moment }) => Math.floor((moment.month - 1) / 3) + 1],
  CC: [2, ({ moment }) => Math.floor((moment.year + 99) / 100)],
}

function era(year: number): number {
  return year > 0 ? year : 1 - year
}

function monthName({ moment }: Instant): string {
  return MONTHS[moment.month - 1] ?? ''
}

function dayName({ moment }: Instant): string {
  return DAYS[weekday(moment.days)] ?? ''
}

/** Names are written in the case of their pattern, and padded to nine letters unless FM comes before. */
const NAMES: readonly (readonly [string, number, (instant: Instant) => string])[] = [
  ['MONTH', 9, monthName],
  ['MON', 0, (instant) => monthName(instant).slice(0, 3)],
  ['DAY', 9, dayName],
  ['DY', 0, (instant) => dayName(instant).slice(0, 3)],
]

const HALVES: readonly (readonly [string, readonly [string, string]])[] = [
  ['A.M.', ['A.M.', 'P.M.']],
  ['P.M.', ['A.M.', 'P.M.']],
  ['AM', ['AM', 'PM']],
  ['PM', ['AM', 'PM']],
]

/** Patterns of PostgreSQL that are not written here. */
const REFUSED = /^(TM|TH|SP|FX|RM|J|BC|B\.C\.|AD|A\.D\.|TZH|TZM|TZ|Y,YYY|IDDD|I)/i

function zoneText(zone: number | undefined, pattern: string): string {
  if (pattern === 'OF') {
    const seconds = zone ?? 0
    const size = Math.abs(seconds)
    const minutes = Math.floor(size / 60) % 60
    const hours = Math.floor(size / 3600)
      .toString()
      .padStart(2, '0')
    return `${seconds < 0 ? '-' : '+'}${hours}${minutes === 0 ? '' : `:${minutes.toString().padStart(2, '0')}`}`
  }
  if (zone === undefined) return ''
  if (zone !== 0) throw new NotSupported('the name of a time zone in to_char')
  return pattern === 'TZ' ? 'UTC' : 'utc'
}

interface Piece {
  readonly length: number
  readonly text: string
}

function cased(name: string, pattern: string, upper: string): string {
  if (pattern === upper) return name.toUpperCase()
  return pattern === upper.toLowerCase() ? name.toLowerCase() : name
}

function piece(rest: string, instant: Instant, fill: boolean): Piece | undefined {
  if (/^(TZ(?![HM])|tz(?![hm])|OF)/.test(rest)) {
    const pattern = rest.slice(0, 2)
    return { length: 2, text: zoneText(instant.zone, pattern) }
  }
  for (const [name, width, write] of NAMES) {
    if (rest.slice(0, name.length).toUpperCase() !== name) continue
    const text = cased(write(instant), rest.slice(0, name.length), name)
    return { length: name.length, text: fill ? text.padEnd(width) : text }
  }
  for (const [name, halves] of HALVES) {
    const pattern = rest.slice(0, name.length)
    if (pattern.toUpperCase() !== name) continue
    const text = instant.moment.hour < 12 ? halves[0] : halves[1]
    return { length: name.length, text: pattern === name ? text : text.toLowerCase() }
  }
  return numberPiece(rest, instant, fill)
}

const LONGEST_FIRST = Object.keys(NUMBERS).toSorted((a, b) => b.length - a.length)

function numberPiece(rest: string, instant: Instant, fill: boolean): Piece | undefined {
  const name = LONGEST_FIRST.find((each) => rest.slice(0, each.length).toUpperCase() === each)
  const number = name === undefined ? undefined : NUMBERS[name]
  if (name === undefined || number === undefined) return undefined
  const value = number[1](instant)
  // Fractions of a second keep their zeros.
  const keeps = /^(MS|US|FF)/.test(name)
  return { length: name.length, text: fill || keeps ? value.toString().padStart(number[0], '0') : value.toString() }
}

function momentToChar(instant: Instant, format: string): string {
  let result = ''
  let fill = true
  for (let i = 0; i < format.length; ) {
    const rest = format.slice(i)
    if (/^FM/i.test(rest)) {
      fill = false
      i += 2
      continue
    }
    if (rest.startsWith('"')) {
      const quoted = /^"((?:\\.|[^"\\])*)"?/s.exec(rest)
      result += (quoted?.[1] ?? '').replace(/\\(.)/gs, '$1')
      i += quoted?.[0].length ?? 1
      continue
    }
    const found = piece(rest, instant, fill)
    if (found !== undefined) {
      if (/^(TH|SP)/i.test(rest.slice(found.length))) throw new NotSupported(`to_char(…, '${format}')`)
      result += found.text
      i += found.length
      fill = true
      continue
    }
    if (REFUSED.test(rest)) throw new NotSupported(`to_char(…, '${format}')`)
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 32)
    result += character
    i += character.length
  }
  return result
}

/** Digits, a point, group separators and a sign: the rest of the patterns for numbers is refused. */
function numberToChar(value: Numeric, format: string): string {
  const fill = !/^FM/i.test(format)
  const pattern = format.replace(/^FM/i, '')
  if (!/^[09,]*(\.[09]*)?$/.test(pattern) || pattern === '' || value.special)
    throw new NotSupported(`to_char(…, '${format}')`)
  const [wholePattern = '', fractionPattern] = pattern.split('.')
  const places = fractionPattern?.length ?? 0
  const rounded = roundNumeric(value, places)
  const negative = compareNumeric(rounded, numericOf(0n)) < 0
  const [digits = '', fraction = ''] = formatNumeric(rounded).replace('-', '').split('.')
  const slots = wholePattern.replaceAll(',', '').length
  const firstZero = wholePattern.replaceAll(',', '').indexOf('0')
  const whole = digits === '0' && slots > 0 && firstZero < 0 && places > 0 ? '' : digits
  const overflow = whole.length > slots
  const text = overflow ? null : wholePart(whole, wholePattern, firstZero, slots)
  const shownWhole = text ?? wholePattern.replaceAll(/[09]/g, '#')
  const shownFraction =
    fractionPattern === undefined
      ? ''
      : `.${overflow ? '#'.repeat(places) : fill ? fraction : withoutOptional(fraction, fractionPattern)}`
  const bare = shownWhole.trimStart()
  const sign = negative ? '-' : fill ? ' ' : ''
  const padding = fill ? ' '.repeat(shownWhole.length - bare.length) : ''
  return padding + sign + bare + shownFraction
}

/** Zeros at the end that stand for 9 are dropped after FM. */
function withoutOptional(fraction: string, pattern: string): string {
  const required = pattern.lastIndexOf('0') + 1
  let end = fraction.length
  while (end > required && fraction[end - 1] === '0') end -= 1
  return fraction.slice(0, end)
}

function wholePart(digits: string, pattern: string, firstZero: number, slots: number): string {
  const padded = digits.padStart(firstZero < 0 ? 0 : slots - firstZero, '0').padStart(slots)
  let slot = 0
  let result = ''
  for (const character of pattern) {
    if (character === ',') result += result.trim() === '' ? ' ' : ','
    else {
      result += padded[slot] ?? ' '
      slot += 1
    }
  }
  return result
}

export const TO_CHAR: Builtins = {
  timestamp_to_char: ([a, format]) =>
    isEndless(asBigint(a)) || format === ''
      ? null
      : momentToChar({ moment: momentOf(asBigint(a)), zone: undefined }, asString(format)),
  timestamptz_to_char: ([a, format], env) => {
    if (isEndless(asBigint(a)) || format === '') return null
    const zone = zoneOf(env).offsetAt(asBigint(a))
    return momentToChar({ moment: momentOf(toLocal(asBigint(a), env)), zone }, asString(format))
  },
  int4_to_char: ([a, format]) => numberToChar(numericOf(asNumber(a)), asString(format)),
  int8_to_char: ([a, format]) => numberToChar(numericOf(asBigint(a)), asString(format)),
  numeric_to_char: ([a, format]) => numberToChar(asNumeric(a), asString(format)),
  float8_to_char: ([a, format]) => numberToChar(numericOfFloat(asNumber(a), 15), asString(format)),
}
