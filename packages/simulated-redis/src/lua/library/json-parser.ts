import { fail } from '../errors.ts'
import { numberOf } from '../numbers.ts'
import { LuaTable } from '../table.ts'
import { JSON_NULL, type LuaValue } from '../values.ts'

type Kind =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_STRING'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_END'
  | 'T_ERROR'

interface Token {
  readonly kind: Kind
  /** The offset of the token's first character, from 0. */
  readonly at: number
  /** The text of a string, or the message of an error; empty for other tokens. */
  readonly text: string
  readonly value: LuaValue
}

const MOST_DEPTH = 1_000

const SIGNS: { readonly [character: string]: Kind } = {
  '{': 'T_OBJ_BEGIN',
  '}': 'T_OBJ_END',
  '[': 'T_ARR_BEGIN',
  ']': 'T_ARR_END',
  ':': 'T_COLON',
  ',': 'T_COMMA',
}

const ESCAPES: { readonly [character: string]: string } = {
  ...{ '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' },
}

const NUMBER = /[+-]?(?:0x[\da-f]+|inf(?:inity)?|nan|\d+\.?\d*(?:e[+-]?\d+)?)/iy

/** Parses JSON as Redis's `cjson` does, with equal errors. */
export function parseJson(text: string): LuaValue {
  if (text.length >= 2 && (text[0] === '\0' || text[1] === '\0')) fail('JSON parser does not support UTF-16 or UTF-32')
  const parser = new Parser(text)
  const value = parser.value(parser.next(), 0)
  const end = parser.next()
  return end.kind === 'T_END' ? value : unexpected('the end', end)
}

const unexpected = (wanted: string, { kind, at, text }: Token): never =>
  fail(`Expected ${wanted} but found ${kind === 'T_ERROR' ? text : kind} at character ${at + 1}`)

class Parser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  value(token: Token, depth: number): LuaValue {
    switch (token.kind) {
      case 'T_STRING':
        return token.text
      case 'T_NUMBER':
      case 'T_BOOLEAN':
      case 'T_NULL':
        return token.value
      case 'T_OBJ_BEGIN':
        return this.#object(depth + 1)
      case 'T_ARR_BEGIN':
        return this.#array(depth + 1)
      default:
        return unexpected('value', token)
    }
  }

  #requireDepth(depth: number): void {
    if (depth > MOST_DEPTH) fail(`Found too many nested data structures (${depth}) at character ${this.#at}`)
  }

  #object(depth: number): LuaTable {
    this.#requireDepth(depth)
    const table = new LuaTable()
    let key = this.next()
    if (key.kind === 'T_OBJ_END') return table
    for (;;) {
      if (key.kind !== 'T_STRING') return unexpected('object key string', key)
      const colon = this.next()
      if (colon.kind !== 'T_COLON') return unexpected('colon', colon)
      table.set(key.text, this.value(this.next(), depth))
      const token = this.next()
      if (token.kind === 'T_OBJ_END') return table
      if (token.kind !== 'T_COMMA') return unexpected('comma or object end', token)
      key = this.next()
    }
  }

  #array(depth: number): LuaTable {
    this.#requireDepth(depth)
    const table = new LuaTable()
    let token = this.next()
    if (token.kind === 'T_ARR_END') return table
    for (let i = 1; ; i++) {
      table.set(i, this.value(token, depth))
      token = this.next()
      if (token.kind === 'T_ARR_END') return table
      if (token.kind !== 'T_COMMA') return unexpected('comma or array end', token)
      token = this.next()
    }
  }

  next(): Token {
    const text = this.#text
    while (this.#at < text.length && /[ \t\n\r]/.test(text.charAt(this.#at))) this.#at++
    const at = this.#at
    const token = (kind: Kind, length: number, value?: LuaValue): Token => {
      this.#at += length
      return { kind, at, text: '', value }
    }
    if (at >= text.length) return token('T_END', 0)
    const character = text.charAt(at)
    const sign = SIGNS[character]
    if (sign !== undefined) return token(sign, 1)
    if (character === '"') return this.#string(at)
    if (text.startsWith('true', at)) return token('T_BOOLEAN', 4, true)
    if (text.startsWith('false', at)) return token('T_BOOLEAN', 5, false)
    if (text.startsWith('null', at)) return token('T_NULL', 4, JSON_NULL)
    NUMBER.lastIndex = at
    const digits = NUMBER.exec(text)?.[0]
    if (digits !== undefined) return token('T_NUMBER', digits.length, numberOf(digits))
    return { kind: 'T_ERROR', at, text: 'invalid token', value: undefined }
  }

  #string(start: number): Token {
    const text = this.#text
    const wrong = (what: string, at: number): Token => ({ kind: 'T_ERROR', at, text: what, value: undefined })
    let result = ''
    let at = start + 1
    while (text[at] !== '"') {
      if (at >= text.length) return wrong('unexpected end of string', at)
      if (text[at] !== '\\') {
        result += text.charAt(at)
        at++
        continue
      }
      const letter = text.charAt(at + 1)
      if (letter === 'u') {
        const found = /^\\u([\da-f]{4})(?:\\u(d[c-f][\da-f]{2}))?/i.exec(text.slice(at, at + 12))
        if (found === null) return wrong('invalid unicode escape code', at)
        const [whole, first = '', second] = found
        const isPair = /^d[89ab]/i.test(first)
        if (/^d[c-f]/i.test(first) || (isPair && second === undefined)) return wrong('invalid unicode escape code', at)
        const code = Number.parseInt(first, 16)
        const point = isPair ? 0x10000 + ((code - 0xd800) << 10) + Number.parseInt(second ?? '', 16) - 0xdc00 : code
        result += Buffer.from(String.fromCodePoint(point)).toString('latin1')
        at += isPair ? whole.length : 6
      } else {
        const plain = ESCAPES[letter]
        if (plain === undefined) return wrong('invalid escape code', at)
        result += plain
        at += 2
      }
    }
    this.#at = at + 1
    return { kind: 'T_STRING', at: start, text: result, value: undefined }
  }
}
