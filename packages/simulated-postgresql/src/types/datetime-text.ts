import { NotSupported, SqlError } from '../sql/error.ts'
import { NotComputed } from './calculator.ts'
import { daysInMonth, daysOf, roundHalfEven } from './calendar.ts'
import { fixedZone, type Zone, zoneByName } from './zone.ts'

export type ParsedDatetime =
  | { readonly kind: 'infinity' | '-infinity' | 'epoch' | 'now' | 'today' | 'tomorrow' | 'yesterday' }
  | {
      readonly kind: 'moment'
      readonly days: number | undefined
      readonly micros: bigint | undefined
      readonly zone: Zone | undefined
    }

/** Matches `2024-01-15 10:00:00.5+02` or a part of it. */
const MOMENT =
  /^(?:(\d{4,})-(\d{1,2})-(\d{1,2}))?(?:(?:^|t|\s+)(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d*))?)?)?(?:\s*([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?|\s*((?!bc)[a-z][a-z_/-]*(?:[+-]?\d+(?:[a-z]{3})?)?))?(\s*bc)?$/

/** Matches the calendar words that PostgreSQL accepts in dates and times. */
const WORD =
  /^(?:(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*|(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*|[tzj]|am|pm|bc|ad|utc|allballs)$/

/**
 * Parses a date, a time, or both. Throws {@link NotComputed} for other forms that PostgreSQL parses, 22007 for text
 * without a date or time.
 */
export function parseDatetime(text: string, type: string): ParsedDatetime {
  const trimmed = text.trim().toLowerCase()
  switch (trimmed) {
    case 'infinity':
    case '-infinity':
    case 'epoch':
    case 'now':
    case 'today':
    case 'tomorrow':
    case 'yesterday':
      return { kind: trimmed }
  }
  const found = MOMENT.exec(trimmed)
  if (found === null || (found[1] === undefined && found[4] === undefined)) throw unread(text, type)
  const outOfRange = (): SqlError => new SqlError('22008', `date/time field value out of range: "${text}"`)
  const zone = zoneOf(found, text, type)
  const micros = found[4] === undefined ? undefined : timeOf(found, outOfRange)
  if (found[1] === undefined) return { kind: 'moment', days: undefined, micros, zone }
  const [year, month, day] = [Number(found[1]), Number(found[2]), Number(found[3])]
  const astronomical = found[13] === undefined ? year : 1 - year
  if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(astronomical, month)) throw outOfRange()
  return { kind: 'moment', days: daysOf(astronomical, month, day), micros, zone }
}

function timeOf(found: RegExpExecArray, outOfRange: () => SqlError): bigint {
  const [hour, minute, second] = [Number(found[4]), Number(found[5]), Number(found[6] ?? 0)]
  const fraction = found[7] ? roundHalfEven(Number(`0.${found[7]}`) * 1e6) : 0
  if (hour > 24 || minute > 59 || second > 60) throw outOfRange()
  if (hour === 24 && (minute > 0 || second > 0 || fraction > 0)) throw outOfRange()
  return BigInt(hour * 3600 + minute * 60 + second) * 1_000_000n + BigInt(fraction)
}

function zoneOf(found: RegExpExecArray, text: string, type: string): Zone | undefined {
  const name = found[12]
  if (name !== undefined) {
    const zone = zoneByName(name)
    if (zone === undefined && name.includes('/')) throw new SqlError('22023', `time zone "${name}" not recognized`)
    if (zone === undefined) throw unread(text, type)
    return zone
  }
  if (found[9] === undefined) return undefined
  const [hours, minutes, seconds] = [Number(found[9]), Number(found[10] ?? 0), Number(found[11] ?? 0)]
  if (hours > 15 || minutes > 59 || seconds > 59)
    throw new SqlError('22009', `time zone displacement out of range: "${text}"`)
  return fixedZone((found[8] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds))
}

/**
 * Returns the error for a text that was not parsed. The error is NotComputed if the text consists of numbers and
 * calendar words that PostgreSQL may accept.
 */
function unread(text: string, type: string): Error {
  const words = text.toLowerCase().match(/[a-z]+/g) ?? []
  // Words such as `today` are not left to the `Calculator`, because its clock differs from the simulated clock.
  if (words.some((word) => /^(?:now|today|tomorrow|yesterday)$/.test(word)))
    return new NotSupported(`the ${type} '${text}'`)
  const known = words.every((word) => WORD.test(word) || zoneByName(word) !== undefined)
  const plain = /^[\s\da-z:.,/+-]*$/i.test(text) && (/\d/.test(text) || words.some((word) => word === 'allballs'))
  return known && plain
    ? new NotComputed(`the ${type} '${text}'`)
    : new SqlError('22007', `invalid input syntax for type ${type}: "${text}"`)
}
