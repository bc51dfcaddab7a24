import { SqlError } from '../sql/error.ts'
import { compareNumeric, formatNumeric, parseNumeric } from './numeric.ts'
import { compareText, encodeUtf8 } from './utf8.ts'
import { type Jsonb, type JsonValue, Numeric } from './value.ts'

const MAX_DEPTH = 6400

/** Parses JSON as jsonb does: the last of duplicate keys wins. */
export function parseJson(text: string): JsonValue {
  return new JsonReader(text, true).document()
}

/** Throws if the text is not JSON. */
export function checkJson(text: string): void {
  new JsonReader(text, false).document()
}

/** A value of a `json` text, with its parts as written. */
export type JsonText =
  | { readonly kind: 'object'; readonly members: readonly (readonly [string, string])[] }
  | { readonly kind: 'array'; readonly elements: readonly string[] }
  | { readonly kind: 'scalar' }

/** Returns the members or elements of a `json` text, each as a text. */
export function splitJson(text: string): JsonText {
  return new JsonReader(text, false).split()
}

const SPACE = /[ \t\n\r]*/y
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const WORD = /[\w$\u0080-\uffff]+|./suy

class JsonReader {
  readonly #text: string
  readonly #binary: boolean
  #at = 0

  constructor(text: string, binary: boolean) {
    this.#text = text
    this.#binary = binary
  }

  document(): JsonValue {
    const value = this.#value(0)
    this.#space()
    if (this.#at < this.#text.length) throw this.#invalid()
    return value
  }

  split(): JsonText {
    this.#space()
    const opening = this.#text[this.#at]
    if (opening !== '{' && opening !== '[') return { kind: 'scalar' }
    return opening === '{'
      ? { kind: 'object', members: this.#parts('}', () => [this.#key(), this.#part()]) }
      : { kind: 'array', elements: this.#parts(']', () => this.#part()) }
  }

  /** Returns the text of a value. */
  #part(): string {
    this.#space()
    const from = this.#at
    this.#value(1)
    return this.#text.slice(from, this.#at)
  }

  /** Reads the parts of an object or an array, which ends with the bracket. */
  #parts<T>(bracket: '}' | ']', read: () => T): readonly T[] {
    const parts: T[] = []
    this.#at += 1
    while (!this.#close(bracket, parts.length === 0)) parts.push(read())
    return parts
  }

  #space(): void {
    SPACE.lastIndex = this.#at
    SPACE.exec(this.#text)
    this.#at = SPACE.lastIndex
  }

  #invalid(): SqlError {
    WORD.lastIndex = this.#at
    const token = WORD.exec(this.#text)?.[0]
    const detail = token === undefined ? 'The input string ended unexpectedly.' : `Token "${token}" is invalid.`
    return new SqlError('22P02', 'invalid input syntax for type json', { detail })
  }

  #value(depth: number): JsonValue {
    if (depth > MAX_DEPTH) throw new SqlError('54001', 'stack depth limit exceeded')
    this.#space()
    switch (this.#text[this.#at]) {
      case '{':
        return jsonObject(this.#parts('}', () => [this.#key(), this.#value(depth + 1)]))
      case '[':
        return this.#parts(']', () => this.#value(depth + 1))
      case '"':
        return this.#string()
    }
    return this.#scalar()
  }

  #scalar(): JsonValue {
    NUMBER.lastIndex = this.#at
    const number = NUMBER.exec(this.#text)?.[0]
    if (number !== undefined) {
      const next = this.#text[this.#at + number.length]
      if (next !== undefined && /[\w.+-]/.test(next)) throw this.#invalid()
      this.#at += number.length
      return this.#binary ? parseNumeric(number) : null
    }
    WORD.lastIndex = this.#at
    const word = WORD.exec(this.#text)?.[0]
    if (word !== 'true' && word !== 'false' && word !== 'null') throw this.#invalid()
    this.#at += word.length
    return word === 'null' ? null : word === 'true'
  }

  /** Skips the closing bracket and returns true. Without a closing bracket, skips the comma before the next element. */
  #close(bracket: string, first: boolean): boolean {
    this.#space()
    if (this.#text[this.#at] === bracket) {
      this.#at += 1
      return true
    }
    if (first) return false
    if (this.#text[this.#at] !== ',') throw this.#invalid()
    this.#at += 1
    this.#space()
    if (this.#text[this.#at] === bracket) throw this.#invalid()
    return false
  }

  #key(): string {
    this.#space()
    if (this.#text[this.#at] !== '"') throw this.#invalid()
    const key = this.#string()
    this.#space()
    if (this.#text[this.#at] !== ':') throw this.#invalid()
    this.#at += 1
    return key
  }

  #string(): string {
    let result = ''
    let from = this.#at + 1
    for (let i = from; ; i += 1) {
      const unit = this.#text.charCodeAt(i)
      if (Number.isNaN(unit)) {
        this.#at = this.#text.length
        throw this.#invalid()
      }
      if (unit === 0x22) {
        this.#at = i + 1
        return result + this.#text.slice(from, i)
      }
      if (unit < 0x20) {
        this.#at = i
        throw new SqlError('22P02', 'invalid input syntax for type json', {
          detail: `Character with value 0x${unit.toString(16).padStart(2, '0')} must be escaped.`,
        })
      }
      if (unit !== 0x5c) continue
      result += this.#text.slice(from, i)
      const [character, length] = this.#escape(i)
      result += character
      i += length - 1
      from = i + 1
    }
  }

  #escape(at: number): readonly [string, number] {
    const letter = this.#text[at + 1] ?? ''
    const plain = ESCAPES.get(letter)
    if (plain !== undefined) return [plain, 2]
    const digits = /^[\da-fA-F]{4}$/.exec(this.#text.slice(at + 2, at + 6))?.[0]
    if (letter !== 'u' || digits === undefined) {
      throw new SqlError('22P02', 'invalid input syntax for type json', {
        detail:
          letter === 'u'
            ? '"\\u" must be followed by four hexadecimal digits.'
            : `Escape sequence "\\${letter}" is invalid.`,
      })
    }
    const unit = Number.parseInt(digits, 16)
    if (!this.#binary) return [String.fromCharCode(unit), 6]
    if (unit === 0) {
      throw new SqlError('22P05', 'unsupported Unicode escape sequence', {
        detail: '\\u0000 cannot be converted to text.',
      })
    }
    if (unit < 0xd800 || unit > 0xdfff) return [String.fromCharCode(unit), 6]
    const low = /^\\u(d[c-f][\da-f]{2})/i.exec(this.#text.slice(at + 6, at + 12))?.[1]
    if (unit >= 0xdc00 || low === undefined) {
      const twice = unit < 0xdc00 && /^\\ud[89ab]/i.test(this.#text.slice(at + 6))
      throw new SqlError('22P02', 'invalid input syntax for type json', {
        detail: `Unicode ${twice ? 'high surrogate must not' : 'low surrogate must'} follow a high surrogate.`,
      })
    }
    return [String.fromCharCode(unit, Number.parseInt(low, 16)), 12]
  }
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ['\\', '\\'],
  ['/', '/'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
])

/** Compares keys as jsonb does: by length in bytes, then by bytes. */
function compareKeys(a: string, b: string): number {
  const difference = byteLength(a) - byteLength(b)
  return difference !== 0 ? difference : compareText(a, b)
}

function byteLength(text: string): number {
  for (let i = 0; i < text.length; i += 1) if (text.charCodeAt(i) > 127) return encodeUtf8(text).length
  return text.length
}

/** Returns an object in jsonb's key order. The last of duplicate keys wins. */
export function jsonObject(members: Iterable<readonly [string, JsonValue]>): ReadonlyMap<string, JsonValue> {
  const unique = new Map(members)
  return new Map([...unique].sort((a, b) => compareKeys(a[0], b[0])))
}

export function isJsonObject(value: JsonValue): value is ReadonlyMap<string, JsonValue> {
  return value instanceof Map
}

export function isJsonArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value)
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes control characters.
const ESCAPED = /["\\\u0000-\u001f]/g
const SHORT: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\b', '\\b'],
  ['\f', '\\f'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

export function quoteJson(text: string): string {
  const escaped = (character: string) =>
    SHORT.get(character) ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
  return `"${text.replace(ESCAPED, escaped)}"`
}

/** Formats a value as jsonb does, with a blank after each colon and comma. */
export function formatJson(value: JsonValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'string') return quoteJson(value)
  if (value instanceof Numeric) return formatNumeric(value)
  if (isJsonArray(value)) return `[${value.map(formatJson).join(', ')}]`
  return `{${[...value].map(([key, member]) => `${quoteJson(key)}: ${formatJson(member)}`).join(', ')}}`
}

export function jsonTypeName(value: JsonValue): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'string') return 'string'
  if (value instanceof Numeric) return 'number'
  return isJsonArray(value) ? 'array' : 'object'
}

function rank(value: JsonValue): number {
  return ['null', 'string', 'number', 'boolean', 'array', 'object'].indexOf(jsonTypeName(value))
}

export function compareJsonb(a: Jsonb, b: Jsonb): number {
  // PostgreSQL stores a scalar document as an array of one element, which is greater than an empty array.
  if (isJsonArray(a.value) && !isContainer(b.value)) return a.value.length === 0 ? -1 : 1
  if (isJsonArray(b.value) && !isContainer(a.value)) return b.value.length === 0 ? 1 : -1
  return compareJson(a.value, b.value)
}

export function isContainer(value: JsonValue): boolean {
  return isJsonArray(value) || isJsonObject(value)
}

export function compareJson(a: JsonValue, b: JsonValue): number {
  if (a instanceof Numeric && b instanceof Numeric) return compareNumeric(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b)
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b)
  if (a === null || b === null) return rank(a) - rank(b)
  if (isJsonArray(a) && isJsonArray(b)) {
    if (a.length !== b.length) return a.length - b.length
    return firstDifference(a.map((element, i) => compareJson(element, b[i] ?? null)))
  }
  if (isJsonObject(a) && isJsonObject(b)) {
    if (a.size !== b.size) return a.size - b.size
    const others = [...b]
    return firstDifference(
      [...a].map(([key, value], i) => {
        const [otherKey, otherValue] = others[i] ?? ['', null]
        return compareText(key, otherKey) || compareJson(value, otherValue)
      }),
    )
  }
  return rank(a) - rank(b)
}

function firstDifference(differences: readonly number[]): number {
  return differences.find((difference) => difference !== 0) ?? 0
}
