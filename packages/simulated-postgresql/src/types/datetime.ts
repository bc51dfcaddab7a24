import { SqlError } from '../sql/error.ts'
import {
  DATE_INFINITY,
  DATE_MINUS_INFINITY,
  dateOf,
  END_OF_DATES,
  END_OF_TIMESTAMPS,
  INFINITY,
  inDay,
  isEndless,
  LEAST_DATE,
  LEAST_TIMESTAMP,
  MICROS_PER_SECOND,
  MINUS_INFINITY,
  momentOf,
  timestampOf,
} from './calendar.ts'
import { type ParsedDatetime, parseDatetime } from './datetime-text.ts'
import { formatOffset, sessionZone, type Zone } from './zone.ts'

/** The part of `TextContext` that the text of a timestamp depends on. */
export interface ClockContext {
  setting(name: string): string | undefined
  now(): bigint
}

function pad(value: number, width = 2): string {
  return value.toString().padStart(width, '0')
}

function dateText(date: { year: number; month: number; day: number }): string {
  const year = date.year > 0 ? date.year : 1 - date.year
  return `${pad(year, 4)}-${pad(date.month)}-${pad(date.day)}`
}

export function formatDate(days: number): string {
  if (days === DATE_INFINITY) return 'infinity'
  if (days === DATE_MINUS_INFINITY) return '-infinity'
  const date = dateOf(days)
  return `${dateText(date)}${date.year > 0 ? '' : ' BC'}`
}

export function formatTime(micros: bigint): string {
  const seconds = Number(micros / MICROS_PER_SECOND)
  const fraction = Number(micros % MICROS_PER_SECOND)
  const text = `${pad(Math.floor(seconds / 3600))}:${pad(Math.floor(seconds / 60) % 60)}:${pad(seconds % 60)}`
  return fraction === 0 ? text : `${text}.${pad(fraction, 6).replace(/0+$/, '')}`
}

/** Formats a timestamp: `2024-01-15 10:00:00.5`, followed by the offset of a zone. */
export function formatTimestamp(value: bigint, zone?: Zone, separator = ' '): string {
  if (value === INFINITY) return 'infinity'
  if (value === MINUS_INFINITY) return '-infinity'
  const local = zone?.toLocal(value) ?? value
  const moment = momentOf(local)
  const time = formatTime(inDay(local))
  const offset = zone === undefined ? '' : formatOffset(zone.offsetAt(value))
  return `${dateText(moment)}${separator}${time}${offset}${moment.year > 0 ? '' : ' BC'}`
}

export function formatTimestamptz(value: bigint, context: ClockContext): string {
  return formatTimestamp(value, sessionZone(context.setting('TimeZone')))
}

function midnight(context: ClockContext): number {
  const zone = sessionZone(context.setting('TimeZone'))
  return momentOf(zone.toLocal(context.now())).days
}

function relativeDay(word: 'today' | 'tomorrow' | 'yesterday', context: ClockContext): number {
  return midnight(context) + (word === 'today' ? 0 : word === 'tomorrow' ? 1 : -1)
}

export function parseDate(text: string, context: ClockContext): number {
  const parsed = parseDatetime(text, 'date')
  switch (parsed.kind) {
    case 'infinity':
      return DATE_INFINITY
    case '-infinity':
      return DATE_MINUS_INFINITY
    case 'epoch':
      return -10957
    case 'now':
      return midnight(context)
    case 'today':
    case 'tomorrow':
    case 'yesterday':
      return relativeDay(parsed.kind, context)
    case 'moment':
      if (parsed.days === undefined) throw invalid('date', text)
      return checkedDate(parsed.days, `: "${text}"`)
  }
}

export function parseTimestamp(text: string, withZone: boolean, context: ClockContext): bigint {
  const name = withZone ? 'timestamp with time zone' : 'timestamp'
  const parsed = parseDatetime(text, name)
  const zone = sessionZone(context.setting('TimeZone'))
  const universal = (local: bigint, of: Zone): bigint => (withZone ? of.toUniversal(local) : local)
  switch (parsed.kind) {
    case 'infinity':
      return INFINITY
    case '-infinity':
      return MINUS_INFINITY
    case 'epoch':
      return timestampOf(-10957, 0n)
    case 'now':
      return withZone ? context.now() : zone.toLocal(context.now())
    case 'today':
    case 'tomorrow':
    case 'yesterday':
      return universal(timestampOf(relativeDay(parsed.kind, context), 0n), zone)
    case 'moment': {
      if (parsed.days === undefined) throw invalid(name, text)
      const local = timestampOf(parsed.days, parsed.micros ?? 0n)
      return checkedTimestamp(universal(local, parsed.zone ?? zone), `: "${text}"`)
    }
  }
}

function invalid(name: string, text: string): SqlError {
  return new SqlError('22007', `invalid input syntax for type ${name}: "${text}"`)
}

export function checkedTimestamp(value: bigint, suffix = ''): bigint {
  if (value < LEAST_TIMESTAMP || value >= END_OF_TIMESTAMPS)
    throw new SqlError('22008', `timestamp out of range${suffix}`)
  return value
}

export function checkedDate(days: number, suffix = ''): number {
  if (days < LEAST_DATE || days >= END_OF_DATES) throw new SqlError('22008', `date out of range${suffix}`)
  return days
}

export function parseTime(text: string, context: ClockContext): bigint {
  const parsed: ParsedDatetime = parseDatetime(text, 'time')
  if (parsed.kind === 'now') {
    return inDay(sessionZone(context.setting('TimeZone')).toLocal(context.now()))
  }
  if (parsed.kind === 'moment' && parsed.micros !== undefined) return parsed.micros
  throw invalid('time', text)
}

/** Rounds to the precision of `timestamp(p)`, `time(p)` and `interval(p)`. */
export function roundMicros(value: bigint, precision: number): bigint {
  if (precision < 0 || precision >= 6 || isEndless(value)) return value
  const unit = 10n ** BigInt(6 - precision)
  const half = unit / 2n
  return value >= 0n ? ((value + half) / unit) * unit : -(((-value + half) / unit) * unit)
}
