import { MAXIMUM_DEPTH, tooDeep } from '../event/depth.ts'
import type { Json } from '../event/event.ts'
import { EventError } from '../event/rules.ts'
import { exactNumber } from './exact-number.ts'

/** Matches every number with at least 16 digits. A double preserves any shorter one. */
const SIXTEEN_DIGITS = /\d(?:\.?\d){15}|\d\.\d{14}/
const EXPONENT = /\d[eE][+-]?\d/
const STRINGS_AND_NUMBERS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g

/**
 * Parses JSON. Two parsed numbers are equal only if their texts in the JSON denote equal decimals. An integer that no
 * double represents becomes a text of its digits and an N, as in EDN (`"9007199254740993N"`). Any other number that no
 * double represents also becomes a text. Throws like `JSON.parse`.
 */
export function parseJson(text: string): Json {
  const value = JSON.parse(text) as Json
  if (!SIXTEEN_DIGITS.test(text) && !EXPONENT.test(text)) return value
  return JSON.parse(text.replace(STRINGS_AND_NUMBERS, exactToken)) as Json
}

function exactToken(token: string): string {
  if (token.charCodeAt(0) === 0x22) return token
  const exact = exactNumber(token)
  return typeof exact === 'number' ? token : JSON.stringify(exact)
}

/**
 * Like `parseJson`, but refuses members that are named twice: parsers differ in which value they keep.
 *
 * @throws EventError
 */
export function parseUniqueJson(text: string): Json {
  const value = parseJson(text)
  // If a name is repeated, the text has more colons after quotes than the value has members. This is rarely so for
  // other texts, so few texts are searched for a repeated name.
  const name = colonsIn(text) > namesIn(value) ? repeatedName(text) : undefined
  if (name !== undefined)
    throw new EventError(`the member ${name} is named twice, so its value is unclear. Name each member once.`)
  return value
}

/** Counts the colons that follow a quote. Every member name is followed by such a colon. */
function colonsIn(text: string): number {
  let count = 0
  for (let at = text.indexOf(':'); at >= 0; at = text.indexOf(':', at + 1)) {
    let before = at - 1
    while (text.charCodeAt(before) <= SPACE_CODE) before -= 1
    if (text.charCodeAt(before) === QUOTE_CODE) count += 1
  }
  return count
}

const SPACE_CODE = 0x20
const QUOTE_CODE = 0x22

/** The number of members in a value. Infinity if it is nested too deep, which is refused elsewhere. */
function namesIn(value: Json, depth = 0): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth > MAXIMUM_DEPTH) return Number.POSITIVE_INFINITY
  let count = 0
  if (isArray(value)) {
    for (const item of value) count += namesIn(item, depth + 1)
    return count
  }
  for (const name in value) count += 1 + namesIn(value[name] ?? null, depth + 1)
  return count
}

const NAMES_AND_BRACES = /("(?:[^"\\]|\\.)*")\s*(:?)|[{}]/g

/** The first name that an object of this JSON text has twice. */
function repeatedName(text: string): string | undefined {
  const open: Set<unknown>[] = []
  for (const [token, quoted, colon] of text.matchAll(NAMES_AND_BRACES)) {
    if (token === '{') open.push(new Set())
    else if (token === '}') open.pop()
    else if (quoted !== undefined && colon === ':') {
      const names = open[open.length - 1]
      const name: unknown = JSON.parse(quoted)
      if (names?.has(name) === true) return quoted
      names?.add(name)
    }
  }
  return undefined
}

/** Returns JSON text that `parseJson` parses to the same value. Throws on values nested deeper than 500 levels. */
export function jsonText(value: Json, depth = 0): string {
  if (typeof value === 'number') return numberText(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depth >= MAXIMUM_DEPTH) throw tooDeep()
  if (isArray(value)) return `[${value.map((item) => jsonText(item, depth + 1)).join(',')}]`
  const members = Object.keys(value).map(
    (name) => `${JSON.stringify(name)}:${jsonText(value[name] ?? null, depth + 1)}`,
  )
  return `{${members.join(',')}}`
}

/** Writes integers beyond 2^53 with all their digits, so that they are read back as the same double. */
export function numberText(value: number): string {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value).toString() : JSON.stringify(value)
}

export const isArray = (value: Json): value is readonly Json[] => Array.isArray(value)

/** Whether a value is a JSON object: not null, and not a list. */
export function isObject(value: Json | undefined): value is { readonly [member: string]: Json }
export function isObject(value: unknown): value is { readonly [member: string]: unknown }
export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const NONE = {}

/** The members of an object; none for any other value. */
export const membersOf = (value: Json): { readonly [member: string]: Json } => (isObject(value) ? value : NONE)

const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w))/y
const UNFINISHED_STRING = /^"(?:[ !#-[\]-\uffff]|\\.)*\\?$/
const SPACE = /[ \t\r\n]*/y

/**
 * Returns the first position at which `text` is no longer the beginning of a JSON value. If the text is only cut off,
 * returns its length.
 */
export function jsonErrorOffset(text: string): number {
  const open: string[] = []
  let expected: 'value' | 'first value' | 'name' | 'first name' | 'colon' | 'more' | 'end' = 'value'
  let at = 0
  for (;;) {
    SPACE.lastIndex = at
    SPACE.exec(text)
    const tokenStart = SPACE.lastIndex
    TOKEN.lastIndex = at
    const token = TOKEN.exec(text)
    if (token === null) return UNFINISHED_STRING.test(text.slice(tokenStart)) ? text.length : tokenStart
    at = TOKEN.lastIndex
    const mark = token[1]
    const isString = token[2] !== undefined
    const after = (): typeof expected => (open.length === 0 ? 'end' : 'more')
    if (expected === 'colon') {
      if (mark !== ':') return tokenStart
      expected = 'value'
    } else if (expected === 'name' || expected === 'first name') {
      if (mark === '}' && expected === 'first name') {
        open.pop()
        expected = after()
      } else if (isString) expected = 'colon'
      else return tokenStart
    } else if (expected === 'more') {
      const inObject = open[open.length - 1] === '{'
      if (mark === ',') expected = inObject ? 'name' : 'value'
      else if (mark === (inObject ? '}' : ']')) {
        open.pop()
        expected = after()
      } else return tokenStart
    } else if (expected === 'end') {
      return tokenStart
    } else if (mark === '{' || mark === '[') {
      open.push(mark)
      expected = mark === '{' ? 'first name' : 'first value'
    } else if (mark === ']' && expected === 'first value') {
      open.pop()
      expected = after()
    } else if (mark !== undefined) return tokenStart
    else expected = after()
  }
}
