import { NotComputed } from '../types/calculator.ts'
import { daysOf, isEndless, isoWeek, type Moment, momentOf, weekday } from '../types/calendar.ts'
import { asBigint, asString } from '../types/definitions.ts'
import { type Builtins, taking } from './builtin.ts'
import { toLocal } from './casts.ts'

const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October'],
  ...['November', 'December'],
]
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']

/** Numbers by pattern, padded with zeros unless FM precedes. */
const NUMBERS: Readonly<Record<string, (moment: Moment) => number>> = {
  YYYY: ({ year }) => year,
  YY: ({ year }) => year % 100,
  IYYY: ({ days }) => isoWeek(days).year,
  MM: ({ month }) => month,
  DDD: ({ days, year }) => days - daysOf(year, 1, 1) + 1,
  DD: ({ day }) => day,
  D: ({ days }) => weekday(days) + 1,
  ID: ({ days }) => ((weekday(days) + 6) % 7) + 1,
  HH24: ({ hour }) => hour,
  HH12: ({ hour }) => hour % 12 || 12,
  HH: ({ hour }) => hour % 12 || 12,
  MI: ({ minute }) => minute,
  SS: ({ second }) => second,
  MS: ({ micro }) => Math.floor(micro / 1000),
  US: ({ micro }) => micro,
  IW: ({ days }) => isoWeek(days).week,
  Q: ({ month }) => Math.floor((month - 1) / 3) + 1,
}
/** The widths of numbers, for patterns whose length differs from the width. */
const WIDTHS: Readonly<Record<string, number>> = { HH24: 2, HH12: 2, ID: 1, MS: 3, US: 6 }

const monthName = ({ month }: Moment): string => MONTHS[month - 1] ?? ''
const dayName = ({ days }: Moment): string => DAYS[weekday(days)] ?? ''

/**
 * For each pattern: the length to which the name is padded, and a function that returns the name. FM before the pattern
 * prevents the padding. The case of the pattern decides the case of the name.
 */
const NAMES: Readonly<Record<string, readonly [number, (moment: Moment) => string]>> = {
  MONTH: [9, monthName],
  MON: [0, (moment) => monthName(moment).slice(0, 3)],
  DAY: [9, dayName],
  DY: [0, (moment) => dayName(moment).slice(0, 3)],
  AM: [0, ({ hour }) => (hour < 12 ? 'AM' : 'PM')],
  PM: [0, ({ hour }) => (hour < 12 ? 'AM' : 'PM')],
}

function cased(name: string, pattern: string): string {
  if (pattern === pattern.toUpperCase()) return name.toUpperCase()
  return pattern === pattern.toLowerCase() ? name.toLowerCase() : name
}

/** Matches a part of a format. Longer patterns are tried first. Letters that form no supported pattern do not match. */
const PIECE = new RegExp(
  `(FM)|"([^"\\\\]*)"|(${[...Object.keys(NUMBERS), ...Object.keys(NAMES)].toSorted((a, b) => b.length - a.length).join('|')})|([^A-Z"\\\\])`,
  'giuy',
)

function momentToChar(moment: Moment, format: string): string {
  const left = (): NotComputed => new NotComputed(`to_char(…, '${format}')`)
  if (moment.year <= 0 || /SSSS|IDDD/i.test(format)) throw left()
  let result = ''
  let fill = true
  PIECE.lastIndex = 0
  while (PIECE.lastIndex < format.length) {
    const [, isUnfilled, quoted, pattern, other] = PIECE.exec(format) ?? []
    if (pattern === undefined) {
      const text = quoted ?? other ?? isUnfilled
      if (text === undefined || isUnfilled === 'Fm' || isUnfilled === 'fM') throw left()
      // FM affects only the next part of the format, even if that part is a quoted text. A format with two consecutive
      // FM is computed by PGlite.
      if (isUnfilled !== undefined && !fill) throw left()
      fill = isUnfilled === undefined
      if (fill) result += text
      continue
    }
    if (/^(?:TH|SP)/i.test(format.slice(PIECE.lastIndex))) throw left()
    const key = pattern.toUpperCase()
    if (pattern !== key && pattern !== pattern.toLowerCase() && !/^(?:Month|Mon|Day|Dy)$/.test(pattern)) throw left()
    const name = NAMES[key]
    if (name === undefined) {
      const digits = NUMBERS[key]?.(moment).toString() ?? ''
      // Fractions of a second always keep their zeros.
      result += fill || /^[MU]S$/.test(key) ? digits.padStart(WIDTHS[key] ?? key.length, '0') : digits
    } else {
      const text = cased(name[1](moment), pattern)
      result += fill ? text.padEnd(name[0]) : text
    }
    fill = true
  }
  return result
}

const toChar = (local: bigint, format: string): string | null =>
  isEndless(local) || format === '' ? null : momentToChar(momentOf(local), format)

export const TO_CHAR: Builtins = taking([asBigint, asString], {
  timestamp_to_char: toChar,
  timestamptz_to_char: (a, format, env) => toChar(toLocal(a, env), format),
})
