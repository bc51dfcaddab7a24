import { NO_VALUE } from '../builder/builder.ts'
import type { Epoch } from '../event/epoch.ts'
import * as layout from '../tables/placed-texts.ts'
import { mixed } from '../tables/placed-texts.ts'
import { NULL, smallIntegerId, type ValueTable } from '../tables/value.ts'
import * as marks from './json-bytes.ts'

// Copied into this module, because an imported constant is loaded at every use.
const { HASH_OF_QUOTE, QUOTE } = layout
const { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, DELETE, MINUS, NEWLINE, NINE, RETURN, SPACE, TAB, ZERO } = marks
const { FALSE_TEXT, NULL_TEXT, TRUE_TEXT } = marks

/** Integers with at most this many digits always fit a double. */
const EXACT_DIGITS = 15
/** The digits of the nanoseconds within a second. */
const NANO_DIGITS = 9
const NANOS_PER_SECOND = 10 ** NANO_DIGITS

/** Reads integers, words and plain strings from JSON bytes, without creating strings. */
export class JsonTokens {
  /** The current position. Every loop stops at the end of the line, because no token contains a line end. */
  at = 0
  integer = 0
  /** The hash of the string that `plain` last skipped. */
  hash = 0

  /** Skips white space in the line, and returns the next byte. */
  space(bytes: Uint8Array): number {
    let at = this.at
    let byte = bytes[at] ?? NEWLINE
    while (byte === SPACE || byte === TAB || byte === RETURN) {
      at += 1
      byte = bytes[at] ?? NEWLINE
    }
    this.at = at
    return byte
  }

  /** Skips the quoted `text` if it is at this position. */
  named(bytes: Uint8Array, text: Uint8Array): boolean {
    const start = this.at + 1
    const length = text.length
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== text[i]) return false
    if (bytes[start + length] !== QUOTE) return false
    this.at = start + length + 1
    return true
  }

  word(bytes: Uint8Array, text: Uint8Array): boolean {
    const start = this.at
    const length = text.length
    for (let i = 0; i < length; i += 1) if (bytes[start + i] !== text[i]) return false
    this.at = start + length
    return true
  }

  /** Reads an integer of at most 15 digits into `integer`. */
  number(bytes: Uint8Array): boolean {
    let at = this.at
    const negative = bytes[at] === MINUS
    if (negative) at += 1
    const start = at
    let value = 0
    let byte = bytes[at] ?? NEWLINE
    while (byte >= ZERO && byte <= NINE) {
      value = value * 10 + (byte - ZERO)
      at += 1
      byte = bytes[at] ?? NEWLINE
    }
    const digits = at - start
    if (digits === 0 || digits > EXACT_DIGITS) return false
    // Rejects leading zeros, -0, and numbers that continue after the digits, such as 1.5.
    if (bytes[start] === ZERO && (digits > 1 || negative)) return false
    if (byte !== COMMA && byte !== CLOSE_BRACE && byte !== CLOSE_BRACKET && byte !== SPACE) return false
    this.at = at
    this.integer = negative ? -value : value
    return true
  }

  /** Reads a time of at most 24 digits into `integer`, relative to `epoch`. */
  stamp(bytes: Uint8Array, epoch: Epoch): boolean {
    if (this.number(bytes)) {
      if (!epoch.isZero) this.integer = epoch.since(this.integer)
      return true
    }
    const start = this.at
    let at = start
    let byte = bytes[at] ?? NEWLINE
    let seconds = 0
    let nanos = 0
    while (byte >= ZERO && byte <= NINE) {
      // The last nine digits count nanoseconds, and the digits before them count seconds.
      if (at - start >= NANO_DIGITS) seconds = seconds * 10 + ((bytes[at - NANO_DIGITS] ?? ZERO) - ZERO)
      nanos = (nanos * 10 + (byte - ZERO)) % NANOS_PER_SECOND
      at += 1
      byte = bytes[at] ?? NEWLINE
    }
    const digits = at - start
    if (digits <= EXACT_DIGITS || digits > EXACT_DIGITS + NANO_DIGITS || bytes[start] === ZERO) return false
    if (byte !== COMMA && byte !== CLOSE_BRACE && byte !== SPACE) return false
    this.at = at
    this.integer = epoch.sinceInstant({ seconds, nanos })
    return true
  }

  /** Skips a string of plain ASCII, if there is one. */
  plain(bytes: Uint8Array, hashStart: number): boolean {
    let at = this.at
    if (bytes[at] !== QUOTE) return false
    at += 1
    let hash = hashStart
    let byte = bytes[at] ?? NEWLINE
    while (byte !== QUOTE) {
      if (byte === BACKSLASH || byte < SPACE || byte >= DELETE) return false
      hash = mixed(hash, byte)
      at += 1
      byte = bytes[at] ?? NEWLINE
    }
    this.at = at + 1
    this.hash = hash
    return true
  }

  /** The id of the plain value at this position, lists excluded; NO_VALUE if there is none. */
  scalar(bytes: Uint8Array, values: ValueTable): number {
    const start = this.at
    const byte = bytes[start] ?? NEWLINE
    if (byte === QUOTE) {
      if (!this.plain(bytes, HASH_OF_QUOTE)) return NO_VALUE
      return values.idOfHashed(mixed(this.hash, QUOTE), bytes, start, this.at)
    }
    if (byte === MINUS || (byte >= ZERO && byte <= NINE)) {
      if (!this.number(bytes)) return NO_VALUE
      const value = this.integer
      if (value >= -(2 ** 30) && value < 2 ** 30) return smallIntegerId(value)
      return values.idOfCanonical(bytes, start, this.at)
    }
    if (this.word(bytes, NULL_TEXT)) return NULL
    if (this.word(bytes, TRUE_TEXT) || this.word(bytes, FALSE_TEXT)) return values.idOfCanonical(bytes, start, this.at)
    return NO_VALUE
  }
}
