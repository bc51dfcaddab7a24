import { type HistoryBuilder, NO_VALUE } from '../builder/builder.ts'
import { FLAG_ANSWERED, FLAG_FINAL, FLAG_UNSAID } from '../columns/history-columns.ts'
import * as layout from '../tables/placed-texts.ts'
import * as marks from './json-bytes.ts'
import { ascii } from './json-bytes.ts'
import { JsonTokens } from './jsonl-tokens.ts'
import { isTransactionAt, scanTransaction } from './jsonl-transactions.ts'

// Copied into this module, because an imported constant is loaded at every use.
const { HASH_START, QUOTE } = layout
const { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, MINUS, NEWLINE, OPEN_BRACE, OPEN_BRACKET } = marks
const { FALSE_TEXT, NULL_TEXT, TRUE_TEXT } = marks

/** `scan` returns this for a line that `JSON.parse` must read. */
export const UNUSUAL = -1

const LONGEST_ARRAY_BYTES = 4096

// Members as bits, to detect repeated and missing members.
const INDEX = 1
const TIME = 2
const PROCESS = 4
const TYPE = 8
const F = 16
const KEY = 32
const VALUE = 64
const NODE = 128
const ERROR = 256
const FINAL = 512
const SESSION = 1024
const ANSWERED = 2048
const NEEDED = PROCESS | TYPE | F

const INDEX_NAME = ascii('index')
const TIME_NAME = ascii('time')
const PROCESS_NAME = ascii('process')
const TYPE_NAME = ascii('type')
const KEY_NAME = ascii('key')
const VALUE_NAME = ascii('value')
const NODE_NAME = ascii('node')
const ERROR_NAME = ascii('error')
const FINAL_NAME = ascii('final')
const SESSION_NAME = ascii('session')
const ANSWERED_NAME = ascii('answered')
const INVOKE_TEXT = ascii('invoke')
const OK_TEXT = ascii('ok')
const FAIL_TEXT = ascii('fail')
const INFO_TEXT = ascii('info')

/**
 * Reads usual native lines directly into a builder, without creating strings or objects. Leaves all other lines, for
 * instance lines with escapes or fractions, to the slow path. The slow path can read every line, and defines what each
 * line means.
 */
export class LineScanner extends JsonTokens {
  readonly #builder: HistoryBuilder
  readonly #array: Uint8Array = new Uint8Array(LONGEST_ARRAY_BYTES)

  constructor(builder: HistoryBuilder) {
    super()
    this.#builder = builder
  }

  /** Reads the line at `start`, which must have a line end. Returns the start of the next line, or UNUSUAL. */
  scan(bytes: Uint8Array, start: number, line: number): number {
    const builder = this.#builder
    this.at = start
    let byte = this.space(bytes)
    if (byte !== OPEN_BRACE) return UNUSUAL
    let seen = 0
    let process = 0
    let type = 0
    // The loop only notes the positions of names. They are added to the tables at the end, so a line that turns out to
    // be unusual adds no entries.
    let f = 0
    let fEnd = 0
    let fHash = 0
    let key = 0
    let keyEnd = 0
    let keyHash = 0
    let node = 0
    let nodeEnd = 0
    let nodeHash = 0
    let error = 0
    let errorEnd = 0
    let errorHash = 0
    let session = 0
    let sessionEnd = 0
    let sessionHash = 0
    let value = NO_VALUE
    let index = -1
    let time = Number.NaN
    let flags = 0
    do {
      this.at += 1
      if (this.space(bytes) !== QUOTE) return UNUSUAL
      const member = this.#member(bytes)
      if (member === 0 || (seen & member) !== 0) return UNUSUAL
      seen |= member
      if (this.space(bytes) !== COLON) return UNUSUAL
      this.at += 1
      this.space(bytes)
      switch (member) {
        case PROCESS:
          if (bytes[this.at] === MINUS || !this.number(bytes)) return UNUSUAL
          process = this.integer
          break
        case TYPE:
          type = this.#type(bytes)
          if (type < 0) return UNUSUAL
          break
        case VALUE:
          value = this.#value(bytes, f, fEnd)
          if (value === NO_VALUE) return UNUSUAL
          break
        case TIME:
          if (!this.stamp(bytes, builder.epoch)) return UNUSUAL
          time = this.integer
          break
        case INDEX:
          if (bytes[this.at] === MINUS || !this.number(bytes)) return UNUSUAL
          index = this.integer
          break
        case F:
          f = this.at + 1
          if (!this.plain(bytes, HASH_START)) return UNUSUAL
          fEnd = this.at - 1
          fHash = this.hash
          break
        case KEY:
          key = this.at + 1
          if (this.plain(bytes, HASH_START)) {
            if (this.#builder.keyNumbers.areMixed) return UNUSUAL
            keyEnd = this.at - 1
            keyHash = this.hash
          } else if (!this.word(bytes, NULL_TEXT)) return UNUSUAL
          break
        case NODE:
          node = this.at + 1
          if (this.plain(bytes, HASH_START)) {
            nodeEnd = this.at - 1
            nodeHash = this.hash
          } else if (!this.word(bytes, NULL_TEXT)) return UNUSUAL
          break
        case ERROR:
          error = this.at + 1
          if (this.plain(bytes, HASH_START)) {
            errorEnd = this.at - 1
            errorHash = this.hash
          } else if (!this.word(bytes, NULL_TEXT)) return UNUSUAL
          break
        case SESSION:
          session = this.at + 1
          if (this.plain(bytes, HASH_START)) {
            sessionEnd = this.at - 1
            sessionHash = this.hash
          } else if (!this.word(bytes, NULL_TEXT)) return UNUSUAL
          break
        default:
          if (this.word(bytes, TRUE_TEXT)) flags |= member === FINAL ? FLAG_FINAL : FLAG_ANSWERED
          else if (!this.word(bytes, FALSE_TEXT)) return UNUSUAL
      }
      byte = this.space(bytes)
    } while (byte === COMMA)
    if (byte !== CLOSE_BRACE || (seen & NEEDED) !== NEEDED) return UNUSUAL
    this.at += 1
    if (this.space(bytes) !== NEWLINE) return UNUSUAL
    if (type === 0 && value === NO_VALUE) flags |= FLAG_UNSAID
    builder.client(
      builder.processes.numberOf(process),
      type,
      builder.functions.internHashed(fHash, bytes, f, fEnd),
      keyEnd === 0 ? -1 : builder.keys.internHashed(keyHash, bytes, key, keyEnd),
      value,
      nodeEnd === 0 ? -1 : builder.nodes.internHashed(nodeHash, bytes, node, nodeEnd),
      index,
      time,
      flags,
      errorEnd === 0 ? -1 : builder.errors.internHashed(errorHash, bytes, error, errorEnd),
      line,
      sessionEnd === 0 ? -1 : builder.sessions.names.internHashed(sessionHash, bytes, session, sessionEnd),
    )
    return this.at + 1
  }

  #member(bytes: Uint8Array): number {
    const start = this.at + 1
    switch (bytes[start]) {
      case 0x66: // f
        if (bytes[start + 1] === QUOTE) {
          this.at = start + 2
          return F
        }
        return this.named(bytes, FINAL_NAME) ? FINAL : 0
      case 0x74: // t
        if (bytes[start + 1] === 0x79) return this.named(bytes, TYPE_NAME) ? TYPE : 0
        return this.named(bytes, TIME_NAME) ? TIME : 0
      case 0x70: // p
        return this.named(bytes, PROCESS_NAME) ? PROCESS : 0
      case 0x76: // v
        return this.named(bytes, VALUE_NAME) ? VALUE : 0
      case 0x6b: // k
        return this.named(bytes, KEY_NAME) ? KEY : 0
      case 0x69: // i
        return this.named(bytes, INDEX_NAME) ? INDEX : 0
      case 0x6e: // n
        return this.named(bytes, NODE_NAME) ? NODE : 0
      case 0x65: // e
        return this.named(bytes, ERROR_NAME) ? ERROR : 0
      case 0x73: // s
        return this.named(bytes, SESSION_NAME) ? SESSION : 0
      case 0x61: // a
        return this.named(bytes, ANSWERED_NAME) ? ANSWERED : 0
      default:
        return 0
    }
  }

  #type(bytes: Uint8Array): number {
    if (bytes[this.at] !== QUOTE) return -1
    if (this.named(bytes, INVOKE_TEXT)) return 0
    if (this.named(bytes, OK_TEXT)) return 1
    if (this.named(bytes, FAIL_TEXT)) return 2
    return this.named(bytes, INFO_TEXT) ? 3 : -1
  }

  /**
   * Returns the id of the value at this position. If the line names its function before the value, bytes[f, fEnd) is
   * the name. Otherwise `fEnd` is 0.
   */
  #value(bytes: Uint8Array, f: number, fEnd: number): number {
    const { values } = this.#builder
    if (bytes[this.at] !== OPEN_BRACKET) return this.scalar(bytes, values)
    return isTransactionAt(bytes, f, fEnd) ? scanTransaction(this, bytes, values) : this.#flatArray(bytes)
  }

  /** Interns an array of plain values by its text without white space. */
  #flatArray(bytes: Uint8Array): number {
    const array = this.#array
    let length = 0
    let byte: number
    do {
      array[length] = length === 0 ? OPEN_BRACKET : COMMA
      length += 1
      this.at += 1
      this.space(bytes)
      const start = this.at
      if (!this.#item(bytes)) return NO_VALUE
      const size = this.at - start
      if (length + size + 2 > LONGEST_ARRAY_BYTES) return NO_VALUE
      for (let i = 0; i < size; i += 1) array[length + i] = bytes[start + i] ?? 0
      length += size
      byte = this.space(bytes)
    } while (byte === COMMA)
    if (byte !== CLOSE_BRACKET) return NO_VALUE
    this.at += 1
    array[length] = CLOSE_BRACKET
    return this.#builder.values.idOfCanonical(array, 0, length + 1)
  }

  #item(bytes: Uint8Array): boolean {
    if (bytes[this.at] === QUOTE) return this.plain(bytes, HASH_START)
    if (this.word(bytes, NULL_TEXT) || this.word(bytes, TRUE_TEXT) || this.word(bytes, FALSE_TEXT)) return true
    return this.number(bytes)
  }
}
