import { type HistoryBuilder, NO_VALUE } from '../builder/builder.ts'
import { eventTypes } from '../event/event.ts'
import { APPEND, isTransaction, NO_MICRO_VALUE, transactionNames } from '../tables/transactions.ts'
import { NULL, smallIntegerId, ValueTable } from '../tables/value.ts'
import { isDelimiter } from './edn-parser.ts'

/** The result of `scan` for an event that only the parser can read. */
export const UNUSUAL = -1

const QUOTE = 0x22
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39
const COLON = 0x3a
const OPEN_BRACKET = 0x5b
const BACKSLASH = 0x5c
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d

/** Integers with at most this many digits always fit a double. */
const EXACT_DIGITS = 15
/** The digits of the nanoseconds within a second. */
const NANO_DIGITS = 9
/** The id of an integer with at most this many digits follows from the integer, without a look into the table. */
const SMALL_DIGITS = 9

/** The tag that Jepsen puts before the map of an event. */
const RECORD = '#jepsen.history.Op'

const ABSENT = -1

/**
 * Reads usual transactions directly into a builder, without creating strings or objects. The parser reads all other
 * events. It also defines the meaning of every event: the scanner must read an event as the parser would.
 */
export class EdnScanner {
  readonly #builder: HistoryBuilder
  #text = ''
  #at = 0
  #integer = 0

  constructor(builder: HistoryBuilder) {
    this.#builder = builder
  }

  /** Reads the event at `start` and returns the position after it, or UNUSUAL. */
  scan(text: string, start: number, line: number): number {
    this.#text = text
    this.#at = text.startsWith(RECORD, start) ? start + RECORD.length : start
    if (text.charCodeAt(this.#at) !== OPEN_BRACE) return UNUSUAL
    this.#at += 1
    let process = ABSENT
    let type = ABSENT
    let f = ''
    let value = NO_VALUE
    let index = ABSENT
    let time = Number.NaN
    for (let code = this.#space(); code !== CLOSE_BRACE; code = this.#space()) {
      const name = this.#keyword()
      this.#space()
      switch (name) {
        case 'process':
          if (process !== ABSENT || !this.#number() || this.#integer < 0) return UNUSUAL
          process = this.#integer
          break
        case 'index':
          if (index !== ABSENT || !this.#number() || this.#integer < 0) return UNUSUAL
          index = this.#integer
          break
        case 'time':
          if (!Number.isNaN(time) || !this.#stamp()) return UNUSUAL
          time = this.#integer
          break
        case 'type':
          if (type !== ABSENT) return UNUSUAL
          type = (eventTypes as readonly string[]).indexOf(this.#keyword())
          if (type < 0) return UNUSUAL
          break
        case 'f':
          if (f !== '') return UNUSUAL
          f = this.#keyword()
          if (!isTransaction(f)) return UNUSUAL
          break
        case 'value':
          if (value !== NO_VALUE) return UNUSUAL
          value = this.#value()
          if (value === NO_VALUE) return UNUSUAL
          break
        default:
          return UNUSUAL
      }
    }
    // Elle's events without `f` are transactions too.
    if (process === ABSENT || type === ABSENT || value === NO_VALUE || (f === '' && value === NULL)) return UNUSUAL
    this.#at += 1
    const { processes, functions } = this.#builder
    const named = functions.internText(f === '' ? (transactionNames[0] ?? '') : f)
    this.#builder.client(processes.numberOf(process), type, named, -1, value, -1, index, time, 0, -1, line, -1)
    return this.#at
  }

  /** Skips white space and returns the next character; NaN at the end. */
  #space(): number {
    let code = this.#text.charCodeAt(this.#at)
    while (code === 0x20 || code === 0x2c || (code >= 0x09 && code <= 0x0d)) {
      this.#at += 1
      code = this.#text.charCodeAt(this.#at)
    }
    return code
  }

  /** Skips a keyword of lowercase letters and returns its name, or '' without one. */
  #keyword(): string {
    const text = this.#text
    const start = this.#at + 1
    if (text.charCodeAt(this.#at) !== COLON) return ''
    let at = start
    let code = text.charCodeAt(at)
    while (code >= 0x61 && code <= 0x7a) {
      at += 1
      code = text.charCodeAt(at)
    }
    if (at === start || !isDelimiter(code)) return ''
    this.#at = at
    return text.slice(start, at)
  }

  /** Reads an integer of at most 15 digits into `#integer`, and moves past it. Returns false if there is none. */
  #number(): boolean {
    const text = this.#text
    let at = this.#at
    const isNegative = text.charCodeAt(at) === MINUS
    if (isNegative) at += 1
    const start = at
    let value = 0
    let code = text.charCodeAt(at)
    while (code >= ZERO && code <= NINE) {
      value = value * 10 + (code - ZERO)
      at += 1
      code = text.charCodeAt(at)
    }
    const digits = at - start
    if (digits === 0 || digits > EXACT_DIGITS || !isDelimiter(code)) return false
    if (text.charCodeAt(start) === ZERO && (digits > 1 || isNegative)) return false
    this.#at = at
    this.#integer = isNegative ? -value : value
    return true
  }

  /**
   * Reads an integer of at most 24 digits as a time into `#integer`, and moves past it. Returns false if there is none.
   */
  #stamp(): boolean {
    const { epoch } = this.#builder
    if (this.#number()) {
      if (!epoch.isZero) this.#integer = epoch.since(this.#integer)
      return true
    }
    const text = this.#text
    const start = this.#at
    let at = start
    let code = text.charCodeAt(at)
    while (code >= ZERO && code <= NINE) {
      at += 1
      code = text.charCodeAt(at)
    }
    const digits = at - start
    if (digits <= EXACT_DIGITS || digits > EXACT_DIGITS + NANO_DIGITS || !isDelimiter(code)) return false
    if (text.charCodeAt(start) === ZERO) return false
    this.#at = at
    const last = at - NANO_DIGITS
    this.#integer = epoch.sinceInstant({
      seconds: Number(text.slice(start, last)),
      nanos: Number(text.slice(last, at)),
    })
    return true
  }

  /**
   * Returns the id of the value at this position if the value is a transaction or nil; NO_VALUE for any other value.
   */
  #value(): number {
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACKET) return this.#word('nil') ? NULL : NO_VALUE
    const { values } = this.#builder
    const transactions = values.transactionTable
    transactions.begin()
    this.#at += 1
    while (this.#space() === OPEN_BRACKET) {
      this.#at += 1
      this.#space()
      const name = this.#keyword()
      if (name === '') return NO_VALUE
      const kind = transactions.kinds.internText(name)
      this.#space()
      const key = this.#scalar(values)
      if (key === NO_VALUE || !transactions.canAdd(kind)) return NO_VALUE
      const code = this.#space()
      let held = NO_MICRO_VALUE
      if (code !== CLOSE_BRACKET) {
        held = code === OPEN_BRACKET && name !== APPEND ? this.#list(values, key) : this.#scalar(values)
        if (held === NO_VALUE || this.#space() !== CLOSE_BRACKET) return NO_VALUE
      }
      this.#at += 1
      transactions.add(kind, key, held)
    }
    if (this.#text.charCodeAt(this.#at) !== CLOSE_BRACKET) return NO_VALUE
    this.#at += 1
    return values.endTransaction()
  }

  /** Returns the id of a list of plain values; NO_VALUE for any other. */
  #list(values: ValueTable, key: number): number {
    const lists = values.listTable
    let list = lists.empty(key)
    this.#at += 1
    for (;;) {
      list = this.#smallIntegers(values, list)
      if (this.#space() === CLOSE_BRACKET) break
      const element = this.#scalar(values)
      if (element === NO_VALUE) return NO_VALUE
      list = lists.longer(list, element)
    }
    this.#at += 1
    return ValueTable.listId(list)
  }

  /**
   * Appends elements to the list `from` as long as they are small integers followed by a space. Nearly all elements are
   * small integers. Returns the longer list.
   */
  #smallIntegers({ listTable }: ValueTable, from: number): number {
    const text = this.#text
    let list = from
    let start = this.#at
    for (;;) {
      let at = start
      let value = 0
      let code = text.charCodeAt(at)
      while (code >= ZERO && code <= NINE) {
        value = value * 10 + (code - ZERO)
        at += 1
        code = text.charCodeAt(at)
      }
      const digits = at - start
      if (code !== 0x20 || digits === 0 || digits > SMALL_DIGITS) break
      if (digits > 1 && text.charCodeAt(start) === ZERO) break
      list = listTable.longer(list, smallIntegerId(value))
      start = at + 1
    }
    this.#at = start
    return list
  }

  /** The id of the plain value at this position; NO_VALUE if there is none. */
  #scalar(values: ValueTable): number {
    const code = this.#text.charCodeAt(this.#at)
    if (code === QUOTE) return this.#string(values)
    if (code === COLON) {
      const name = this.#keyword()
      return name === '' ? NO_VALUE : values.id(`:${name}`)
    }
    if (this.#number()) return values.id(this.#integer)
    if (this.#word('nil')) return NULL
    if (this.#word('true')) return values.id(true)
    return this.#word('false') ? values.id(false) : NO_VALUE
  }

  #word(word: string): boolean {
    const end = this.#at + word.length
    if (!this.#text.startsWith(word, this.#at) || !isDelimiter(this.#text.charCodeAt(end))) return false
    this.#at = end
    return true
  }

  /**
   * Returns the id of a string without escapes that begins with a letter. Such a string does not look like a keyword, a
   * number or any other value, so it needs no quotes.
   */
  #string(values: ValueTable): number {
    const text = this.#text
    const start = this.#at + 1
    if (!isLetter(text.charCodeAt(start))) return NO_VALUE
    let at = start
    let code = text.charCodeAt(at)
    while (code !== QUOTE) {
      if (code === BACKSLASH || Number.isNaN(code)) return NO_VALUE
      at += 1
      code = text.charCodeAt(at)
    }
    this.#at = at + 1
    return values.id(text.slice(start, at))
  }
}

const isLetter = (code: number): boolean => (code >= 0x41 && code <= 0x5a) || (code >= 0x61 && code <= 0x7a)
