import { MAXIMUM_DEPTH, TOO_DEEP } from '../event/depth.ts'
import type { Json } from '../event/event.ts'
import { EventError } from '../event/rules.ts'
import { canonical } from '../tables/value.ts'
import { characterText, keyword, nameOf, plainText, setOf, symbol } from './edn-values.ts'
import { exactNumber, exactRatio } from './exact-number.ts'

/** Thrown if the text ends inside a form. More text may complete the form. */
export class Incomplete extends Error {}

/** Thrown if the text is not EDN. `offset` is the position of the error. */
export class EdnError extends EventError {
  readonly offset: number

  constructor(message: string, offset: number) {
    super(message)
    this.offset = offset
  }
}

const NOTHING: unique symbol = Symbol('nothing')

/**
 * Parses EDN (github.com/edn-format/edn) to JSON values. Two JSON values are equal if and only if the EDN values are.
 * Lists become arrays, maps become objects, nil becomes null, and tags are dropped. Numbers that no double represents
 * exactly become strings (see `exactNumber`). For keywords, symbols, characters and sets, see edn-values.ts.
 */
export class EdnParser {
  at = 0
  #text = ''
  #last = false
  readonly #tuples: WeakSet<object> = new WeakSet()

  /** Sets the text to parse, and starts at its beginning. If `last` is true, no more text follows this one. */
  feed(text: string, last: boolean): void {
    this.#text = text
    this.#last = last
    this.at = 0
  }

  /** Whether the parser found a tag that marks this array as a pair of key and value (Jepsen's independent tests). */
  isTuple(value: Json): boolean {
    return typeof value === 'object' && value !== null && this.#tuples.has(value)
  }

  /** The next character of a form, not consumed; '' at the end. */
  peek(): string {
    for (;;) {
      this.#space()
      if (!this.#text.startsWith('#_', this.at)) return this.#text[this.at] ?? ''
      this.at += 2
      this.form()
    }
  }

  /** Parses the next form. Throws Incomplete or EdnError. */
  form(depth = 0): Json {
    for (;;) {
      const value = this.#element(depth)
      if (value !== NOTHING) return value
    }
  }

  #space(): void {
    const text = this.#text
    for (;;) {
      const code = text.charCodeAt(this.at)
      if (code === 0x20 || code === 0x2c || (code >= 0x09 && code <= 0x0d)) this.at += 1
      else if (code === 0x3b) {
        const end = text.indexOf('\n', this.at)
        if (end < 0 && !this.#last) throw new Incomplete()
        this.at = end < 0 ? text.length : end
      } else return
    }
  }

  /** Parses a form. Returns NOTHING for a discarded form. */
  #element(depth: number): Json | typeof NOTHING {
    this.#space()
    if (depth > MAXIMUM_DEPTH) throw this.#error(TOO_DEEP)
    const start = this.at
    const character = this.#text[start]
    switch (character) {
      case undefined:
        throw new Incomplete()
      case '{':
        return this.#map(depth, '')
      case '[':
        return this.#sequence(']', depth)
      case '(':
        return this.#sequence(')', depth)
      case '"':
        return plainText(this.#string())
      case '\\':
        return characterText(this.#character())
      case '#':
        return this.#dispatch(depth)
      case '^':
        // Metadata is not part of the value.
        this.at += 1
        this.form(depth + 1)
        return this.form(depth + 1)
      case ':':
        this.at += 1
        return keyword(this.#token(start))
      case ']':
      case ')':
      case '}':
        throw this.#error(`unexpected ${character}`)
      default:
        return this.#atom(this.#token(start), start)
    }
  }

  #token(start: number): string {
    const text = this.#text
    const from = this.at
    let at = from
    while (at < text.length && !isDelimiter(text.charCodeAt(at))) at += 1
    if (at === text.length && !this.#last) throw new Incomplete()
    if (at === from) {
      this.at = start
      throw this.#error(`unexpected ${JSON.stringify(text[at] ?? 'end')}`)
    }
    this.at = at
    return text.slice(from, at)
  }

  #atom(token: string, start: number): Json {
    const code = token.charCodeAt(0)
    if (code > 0x39 || (code < 0x30 && code !== 0x2b && code !== 0x2d)) {
      if (token === 'nil') return null
      if (token === 'true') return true
      return token === 'false' ? false : symbol(token)
    }
    const small = smallInteger(token)
    if (small >= 0) return small
    if (/^[+-]?\d+N?$/.test(token)) return exactNumber(token.replace(/^\+|N$/g, ''))
    if (/^0[xX][0-9a-fA-F]{1,32}$/.test(token)) return exactNumber(BigInt(token).toString())
    if (/^[+-]?\d+(\.\d*)?([eE][+-]?\d+)?M?$/.test(token)) return exactNumber(token.replace(/^\+|M$/g, ''))
    if (/^[+-]?\d+\/0*[1-9]\d*$/.test(token)) return exactRatio(token)
    if (code === 0x2b || code === 0x2d) return symbol(token)
    throw this.#errorAt(start, `bad number ${JSON.stringify(token.slice(0, 40))}`)
  }

  #string(): string {
    const text = this.#text
    const start = this.at + 1
    let at = start
    let escaped = false
    for (;;) {
      const code = text.charCodeAt(at)
      if (Number.isNaN(code)) throw new Incomplete()
      if (code === 0x22) break
      if (code === 0x5c) {
        escaped = true
        at += 1
        if (at === text.length) throw new Incomplete()
      }
      at += 1
    }
    const content = text.slice(start, at)
    if (!escaped) {
      this.at = at + 1
      return content
    }
    const value = content.replace(
      /\\(?:u([0-9a-fA-F]{4})|([0-3]?[0-7]{1,2})|([\s\S]))/g,
      (whole, hex, octal, plain) => {
        if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
        if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
        const meant = ESCAPES[plain]
        if (meant === undefined) throw this.#error(`unknown escape ${whole} in a string`)
        return meant
      },
    )
    this.at = at + 1
    return value
  }

  #character(): string {
    const start = this.at
    const text = this.#text
    let at = start + 2
    while (at < text.length && !isDelimiter(text.charCodeAt(at)) && text[at] !== '\\') at += 1
    if (at >= text.length && !this.#last) throw new Incomplete()
    const name = text.slice(start + 1, at)
    const isCode = /^u[0-9a-fA-F]{4}$/.test(name)
    const value = isCode ? String.fromCharCode(Number.parseInt(name.slice(1), 16)) : (CHARACTERS[name] ?? name)
    if ([...value].length !== 1 && value.length !== 1) throw this.#error(`unknown character \\${name.slice(0, 40)}`)
    this.at = at
    return value
  }

  #dispatch(depth: number): Json | typeof NOTHING {
    const start = this.at
    switch (this.#text[start + 1]) {
      case undefined:
        throw new Incomplete()
      case '_':
        this.at += 2
        this.form(depth + 1)
        return NOTHING
      case '{':
        this.at += 1
        return setOf(this.#sequence('}', depth))
      case '"':
        this.at += 1
        return plainText(this.#string())
      case '#':
        this.at += 2
        return `##${this.#token(start)}`
      case ':': {
        this.at += 2
        const namespace = this.#token(start)
        if (this.#text[this.at] !== '{') throw this.#error('a namespace, such as #:name, is not followed by a map')
        return this.#map(depth, `${namespace}/`)
      }
      case '^':
        this.at += 1
        return this.#element(depth)
      default: {
        this.at += 1
        const tag = this.#token(start)
        const value = this.form(depth + 1)
        if (Array.isArray(value) && value.length === 2 && /(^|[/.])(tuple|Tuple|MapEntry)$/.test(tag)) {
          this.#tuples.add(value)
        }
        return value
      }
    }
  }

  #sequence(close: string, depth: number): Json[] {
    this.at += 1
    const items: Json[] = []
    for (;;) {
      this.#space()
      if (this.#text[this.at] === close) {
        this.at += 1
        return items
      }
      const item = this.#element(depth + 1)
      if (item !== NOTHING) items.push(item)
    }
  }

  #map(depth: number, namespace: string): Json {
    const start = this.at
    this.at += 1
    const members: { [member: string]: Json } = {}
    for (;;) {
      const next = this.peek()
      if (next === '}') {
        this.at += 1
        return members
      }
      const isKeyword = next === ':'
      const key = memberName(this.form(depth + 1))
      if (this.peek() === '}') throw this.#error('a map has a key without a value')
      const name = `${isKeyword ? namespace : ''}${key}`
      const value = this.form(depth + 1)
      if (Object.hasOwn(members, name)) {
        this.at = start
        throw this.#error(`a map has two keys that are both written ${JSON.stringify(name)} in JSON`)
      }
      if (name !== '__proto__') members[name] = value
      else Object.defineProperty(members, name, { value, enumerable: true, writable: true, configurable: true })
    }
  }

  #error(what: string): EdnError {
    return new EdnError(what, this.at)
  }

  #errorAt(at: number, what: string): EdnError {
    this.at = at
    return this.#error(what)
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
}

const CHARACTERS: Readonly<Record<string, string>> = {
  newline: '\n',
  space: ' ',
  tab: '\t',
  return: '\r',
  backspace: '\b',
  formfeed: '\f',
}

/** White space, comma, quotes, brackets and comments end a token. */
export function isDelimiter(code: number): boolean {
  switch (code) {
    case 0x20:
    case 0x22:
    case 0x28:
    case 0x29:
    case 0x2c:
    case 0x3b:
    case 0x5b:
    case 0x5d:
    case 0x7b:
    case 0x7d:
      return true
    default:
      return code >= 0x09 && code <= 0x0d
  }
}

/** The fast path for most numbers. Returns an unsigned integer of at most 15 digits; -1 for any other token. */
function smallInteger(token: string): number {
  if (token.length > 15) return -1
  let value = 0
  for (let i = 0; i < token.length; i += 1) {
    const digit = token.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Keys are mostly keywords, which become names. */
const memberName = (key: Json): string => (typeof key === 'string' ? nameOf(key) : canonical(key))
