import { NotSupported, SqlError } from '../sql/error.ts'
import { daysInMonth, daysOf, roundHalfEven } from './calendar.ts'
import { fixedZone, type Zone, zoneByName } from './zone.ts'

export type ParsedDatetime =
  | { readonly kind: 'infinity' | '-infinity' | 'epoch' | 'now' }
  | {
      readonly kind: 'day'
      readonly word: 'today' | 'tomorrow' | 'yesterday'
      readonly micros: bigint | undefined
    }
  | {
      readonly kind: 'moment'
      readonly days: number | undefined
      readonly micros: bigint | undefined
      readonly zone: Zone | undefined
    }

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
const MONTH_NAMES = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
]
const WEEKDAY = /^(mon|tue|tues|wed|weds|thu|thur|thurs|fri|sat|sun|(mon|tues|wednes|thurs|fri|satur|sun)day)$/

function monthOf(word: string): number | undefined {
  const short = MONTHS.indexOf(word)
  if (short >= 0) return short + 1
  if (word === 'sept') return 9
  const long = MONTH_NAMES.indexOf(word)
  return long >= 0 ? long + 1 : undefined
}

/**
 * Reads a date, a time, or both, with DateStyle ISO, MDY. Forms that PostgreSQL reads and this function does not end in
 * {@link NotSupported}; text that holds no date or time in 22007.
 */
export function parseDatetime(text: string, type: string): ParsedDatetime {
  const trimmed = text.trim().toLowerCase()
  switch (trimmed) {
    case 'infinity':
    case '+infinity':
      return { kind: 'infinity' }
    case '-infinity':
      return { kind: '-infinity' }
    case 'epoch':
    case 'now':
      return { kind: trimmed }
    case 'today':
    case 'tomorrow':
    case 'yesterday':
      return { kind: 'day', word: trimmed, micros: undefined }
  }
  return new Reader(text, trimmed, type).read()
}

const DATE_FIRST = /^(\d{4,})-(\d{1,2})-(\d{1,2})(?=$|[\st,]|[+-]\d|z)/
const DATE_PACKED = /^(\d{4})(\d{2})(\d{2})(?=$|[\st])/
const DATE_SLASHES = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?=$|[\s,])/
const DATE_SLASHES_ISO = /^(\d{4})\/(\d{1,2})\/(\d{1,2})(?=$|[\s,])/
const DAY_MONTH_YEAR = /^(\d{1,2})[\s-]+([a-z]{3,9})[\s,-]+(\d{4})(?=$|[\s,])/
const MONTH_DAY_YEAR = /^([a-z]{3,9})\s*(\d{1,2})(?:\s*,\s*|\s+)(\d{4})(?=$|[\s,])/
const YEAR_MONTH_DAY = /^(\d{4})-([a-z]{3,9})-(\d{1,2})(?=$|[\s,])/
const TIME = /^t?\s*(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:[.,](\d*))?)?\s*((?:am|pm)(?![a-z]))?(?=$|[\s+-]|[a-z])/
const ZONE_OFFSET = /^([+-])(\d{1,2})(?::?(\d{2})(?::?(\d{2}))?)?(?=$|\s)/
const ZONE_NAME = /^([a-z][a-z_/-]*(?:[+-]?\d+(?:[a-z]{3})?)?)(?=$|\s)/

class Reader {
  readonly #text: string
  readonly #type: string
  #rest: string
  #date: { year: number; month: number; day: number } | undefined
  #micros: bigint | undefined
  #zone: Zone | undefined
  #before = false
  #relative: 'today' | 'tomorrow' | 'yesterday' | undefined

  constructor(text: string, trimmed: string, type: string) {
    this.#text = text
    this.#type = type
    this.#rest = trimmed
  }

  read(): ParsedDatetime {
    while (this.#rest !== '') {
      if (!this.#part()) throw this.#unread()
      this.#rest = this.#rest.replace(/^[\s,]+/, '')
    }
    if (this.#relative !== undefined) return { kind: 'day', word: this.#relative, micros: this.#micros }
    const { year, month, day } = this.#date ?? { year: 0, month: 0, day: 0 }
    if (this.#date === undefined) {
      if (this.#micros === undefined) throw this.#invalid()
      return { kind: 'moment', days: undefined, micros: this.#micros, zone: this.#zone }
    }
    if (this.#before && year < 1) throw this.#outOfRange()
    const astronomical = this.#before ? 1 - year : year
    if (year === 0 || month < 1 || month > 12 || day < 1 || day > daysInMonth(astronomical, month)) {
      throw this.#outOfRange()
    }
    return { kind: 'moment', days: daysOf(astronomical, month, day), micros: this.#micros, zone: this.#zone }
  }

  #part(): boolean {
    return this.#takeTime() || this.#takeDate() || this.#takeZone() || this.#takeWord()
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    const match = pattern.exec(this.#rest)
    if (!match) return undefined
    this.#rest = this.#rest.slice(match[0].length)
    return match
  }

  #takeDate(): boolean {
    if (this.#date !== undefined) return false
    const iso = this.#take(DATE_FIRST) ?? this.#take(DATE_SLASHES_ISO) ?? this.#take(DATE_PACKED)
    if (iso) return this.#setDate(Number(iso[1]), Number(iso[2]), Number(iso[3]))
    const slashes = this.#take(DATE_SLASHES)
    if (slashes) return this.#setDate(Number(slashes[3]), Number(slashes[1]), Number(slashes[2]))
    return this.#takeNamedMonth()
  }

  #takeNamedMonth(): boolean {
    for (const [pattern, year, month, day] of [
      [DAY_MONTH_YEAR, 3, 2, 1],
      [MONTH_DAY_YEAR, 3, 1, 2],
      [YEAR_MONTH_DAY, 1, 2, 3],
    ] as const) {
      const match = pattern.exec(this.#rest)
      const number = match === null ? undefined : monthOf(match[month] ?? '')
      if (match === null || number === undefined) continue
      this.#rest = this.#rest.slice(match[0].length)
      return this.#setDate(Number(match[year]), number, Number(match[day]))
    }
    return false
  }

  #setDate(year: number, month: number, day: number): true {
    this.#date = { year, month, day }
    return true
  }

  #takeTime(): boolean {
    if (this.#micros !== undefined) return false
    const match = this.#take(TIME)
    if (!match) return false
    let hour = Number(match[1])
    const minute = Number(match[2])
    const second = Number(match[3] ?? 0)
    const fraction = match[4] ? roundHalfEven(Number(`0.${match[4]}`) * 1e6) : 0
    if (match[5] !== undefined && (hour > 12 || hour === 0)) throw this.#outOfRange()
    if (match[5] === 'am' && hour === 12) hour = 0
    if (match[5] === 'pm' && hour < 12) hour += 12
    if (hour > 24 || minute > 59 || second > 60) throw this.#outOfRange()
    if (hour === 24 && (minute > 0 || second > 0 || fraction > 0)) throw this.#outOfRange()
    this.#micros = BigInt(hour * 3600 + minute * 60 + second) * 1_000_000n + BigInt(fraction)
    return true
  }

  #takeZone(): boolean {
    if (this.#zone !== undefined) return false
    const offset = this.#take(ZONE_OFFSET)
    if (!offset) return false
    const hours = Number(offset[2])
    const minutes = Number(offset[3] ?? 0)
    const seconds = Number(offset[4] ?? 0)
    if (hours > 15 || minutes > 59 || seconds > 59) {
      throw new SqlError('22009', `time zone displacement out of range: "${this.#text}"`)
    }
    this.#zone = fixedZone((offset[1] === '-' ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds))
    return true
  }

  #takeWord(): boolean {
    const match = ZONE_NAME.exec(this.#rest)
    const word = match?.[1]
    if (match === null || word === undefined) return false
    if (word === 'bc' || word === 'ad') {
      this.#before = word === 'bc'
    } else if (word === 'today' || word === 'tomorrow' || word === 'yesterday') {
      if (this.#date !== undefined || this.#relative !== undefined) return false
      this.#relative = word
    } else if (WEEKDAY.test(word)) {
      // The day of the week is read and not checked.
    } else {
      const zone = this.#zone === undefined ? zoneByName(word) : undefined
      if (zone === undefined && word.includes('/')) throw new SqlError('22023', `time zone "${word}" not recognized`)
      if (zone === undefined) return false
      this.#zone = zone
    }
    this.#rest = this.#rest.slice(match[0].length)
    return true
  }

  #invalid(): SqlError {
    return new SqlError('22007', `invalid input syntax for type ${this.#type}: "${this.#text}"`)
  }

  #outOfRange(): SqlError {
    return new SqlError('22008', `date/time field value out of range: "${this.#text}"`)
  }

  /** A text of numbers and words of the calendar may be one that PostgreSQL reads; any other is none. */
  #unread(): Error {
    const words = this.#text.toLowerCase().match(/[a-z]+/g) ?? []
    const known = words.every(
      (word) => monthOf(word) !== undefined || WEEKDAY.test(word) || /^([tzj]|am|pm|bc|ad|utc)$/.test(word),
    )
    const plain = /^[\s\da-z:.,/+-]*$/i.test(this.#text) && /\d/.test(this.#text)
    return known && plain ? new NotSupported(`the ${this.#type} '${this.#text}'`) : this.#invalid()
  }
}
