import { SqlError } from '../sql/error.ts'
import { NotComputed } from '../types/calculator.ts'
import { asBytes, asNumber, asString } from '../types/definitions.ts'
import { quoteIdentifier } from '../types/format-type.ts'
import { OID } from '../types/oids.ts'
import { decodeHex, hexOf, lowerText, mapCharacters, withoutTrailingBlanks } from '../types/text.ts'
import { characterCount, characters, encodeUtf8 } from '../types/utf8.ts'
import { SqlArray, type SqlValue } from '../types/value.ts'
import { type Builtin, type Builtins, type CallTypes, taking } from './builtin.ts'
import { md5 } from './md5.ts'
import type { Env } from './session-facts.ts'

const MAX_LENGTH = 2 ** 28

export function upperText(text: string): string {
  return mapCharacters(text, (character) => character.toUpperCase())
}

function initialCapitals(text: string): string {
  let inside = false
  let result = ''
  for (const character of text) {
    result += inside ? lowerText(character) : upperText(character)
    inside = /[\p{L}\p{N}]/u.test(character)
  }
  return result
}

function substring(text: string, from: number, length?: number): string {
  if (length !== undefined && length < 0) throw new SqlError('22011', 'negative substring length not allowed')
  const all = characters(text)
  const start = Math.max(from - 1, 0)
  const end = length === undefined ? all.length : Math.max(from - 1 + length, start)
  return all.slice(start, end).join('')
}

function trim(text: string, set: string, left: boolean, right: boolean): string {
  const all = characters(text)
  const dropped = new Set(characters(set))
  let start = 0
  let end = all.length
  while (left && start < end && dropped.has(all[start] ?? '')) start += 1
  while (right && end > start && dropped.has(all[end - 1] ?? '')) end -= 1
  return all.slice(start, end).join('')
}

function padded(text: string, length: number, fill: string, left: boolean): string {
  if (length > MAX_LENGTH) throw new SqlError('54000', 'requested length too large')
  const all = characters(text)
  if (length <= all.length) return all.slice(0, Math.max(length, 0)).join('')
  const pattern = characters(fill)
  if (pattern.length === 0) return text
  let extra = ''
  for (let i = 0; i < length - all.length; i += 1) extra += pattern[i % pattern.length] ?? ''
  return left ? extra + text : text + extra
}

function repeated(text: string, count: number): string {
  if (text.length * count > MAX_LENGTH) throw new SqlError('54000', 'requested length too large')
  return text.repeat(Math.max(count, 0))
}

function positionOf(text: string, part: string): number {
  const at = text.indexOf(part)
  return at < 0 ? 0 : characterCount(text.slice(0, at)) + 1
}

function splitPart(text: string, separator: string, field: number): string {
  if (field === 0) throw new SqlError('22023', 'field position must not be zero')
  const parts = separator === '' ? [text] : text.split(separator)
  return (field > 0 ? parts[field - 1] : parts[parts.length + field]) ?? ''
}

function quoteLiteral(text: string): string {
  const quoted = `'${text.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`
  return text.includes('\\') ? `E${quoted}` : quoted
}

function encode(bytes: Uint8Array, format: string): string {
  switch (format.toLowerCase()) {
    case 'hex':
      return hexOf(bytes)
    case 'base64':
    case 'escape':
      throw new NotComputed(`encode with '${format}'`)
  }
  throw new SqlError('22023', `unrecognized encoding: "${format}"`)
}

function decode(text: string, format: string): Uint8Array {
  switch (format.toLowerCase()) {
    case 'hex':
      return decodeHex(text)
    case 'base64':
    case 'escape':
      throw new NotComputed(`decode with '${format}'`)
  }
  throw new SqlError('22023', `unrecognized encoding: "${format}"`)
}

/**
 * Casts a value to text. Unlike the text form, the result has booleans as words, and `char(n)` without trailing blanks.
 */
function castText(value: SqlValue, oid: number, env: Env): string {
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  const text = textOf(value, oid, env)
  return oid === OID.bpchar ? withoutTrailingBlanks(text) : text
}

export function textOf(value: SqlValue, oid: number, env: Env): string {
  const type = env.session.types.typeOf(oid)
  return type.output(value, env.session)
}

function concatenated(values: readonly SqlValue[], call: CallTypes, env: Env, separator: string): string {
  const parts: string[] = []
  values.forEach((value, i) => {
    if (value !== null) parts.push(textOf(value, call.arguments[i]?.oid ?? OID.text, env))
  })
  return parts.join(separator)
}

/** `format`: %s, %I, %L and %%, with positions but without widths. */
function formatted(values: readonly SqlValue[], call: CallTypes, env: Env): string | null {
  if (values[0] === null) return null
  let next = 1
  return asString(values[0]).replace(/%(?:(\d+)\$)?(-?\d*)(.?)/gsu, (match, positionText, width, kind) => {
    if (kind === '%' && match === '%%') return '%'
    if (kind === '') throw new SqlError('22023', 'unterminated format() type specifier')
    if (width !== '' || !/[sIL]/.test(kind)) {
      if (/[sIL*]/.test(kind)) throw new NotComputed('a width in format()')
      throw new SqlError('22023', `unrecognized format() type specifier "${kind}"`)
    }
    const index = positionText === undefined ? next : Number(positionText)
    if (index === 0) throw new SqlError('22023', 'format specifies argument 0, but arguments are numbered from 1')
    next = index + 1
    if (index >= values.length) throw new SqlError('22023', 'too few arguments for format()')
    const value = values[index] ?? null
    if (value === null) {
      if (kind === 'I') throw new SqlError('22004', 'null values cannot be formatted as an SQL identifier')
      return kind === 'L' ? 'NULL' : ''
    }
    const text = textOf(value, call.arguments[index]?.oid ?? OID.text, env)
    return kind === 's' ? text : kind === 'I' ? quoteIdentifier(text) : quoteLiteral(text)
  })
}

export function splitText(text: string, separator: SqlValue, nullText: SqlValue): readonly (string | null)[] {
  const parts = separator === null ? characters(text) : separator === '' ? [text] : text.split(asString(separator))
  return text === '' ? [] : parts.map((part) => (part === nullText ? null : part))
}

const toArray: Builtin = ([text, separator = null, nullText = null]) =>
  text === null || text === undefined ? null : new SqlArray(OID.text, splitText(asString(text), separator, nullText))

const textFunctions: Builtins = {
  textanycat: ([a, b], env, call) => asString(a) + castText(b ?? null, call.arguments[1]?.oid ?? OID.text, env),
  anytextcat: ([a, b], env, call) => castText(a ?? null, call.arguments[0]?.oid ?? OID.text, env) + asString(b),
  ...taking([asString], {
    textlen: characterCount,
    bpcharlen: (a) => characterCount(withoutTrailingBlanks(a)),
    textoctetlen: (a) => encodeUtf8(a).length,
    bpcharoctetlen: (a) => encodeUtf8(a).length,
    upper: upperText,
    lower: lowerText,
    initcap: initialCapitals,
    btrim1: (a) => trim(a, ' ', true, true),
    ltrim1: (a) => trim(a, ' ', true, false),
    text_reverse: (a) => characters(a).toReversed().join(''),
    quote_ident: quoteIdentifier,
    md5_text: (a) => md5(encodeUtf8(a)),
  }),
  ...taking([asString, asString], {
    textcat: (a, b) => a + b,
    btrim: (a, set) => trim(a, set, true, true),
    ltrim: (a, set) => trim(a, set, true, false),
    rtrim: (a, set) => trim(a, set, false, true),
    textpos: positionOf,
    text_starts_with: (a, start) => a.startsWith(start),
  }),
  ...taking([asString, asNumber], {
    text_substr_no_len: (a, from) => substring(a, from),
    text_left: (a, n) => characters(a).slice(0, n).join(''),
    text_right: (a, n) => {
      const all = characters(a)
      return all.slice(n >= 0 ? Math.max(all.length - n, 0) : -n).join('')
    },
    repeat: repeated,
  }),
  ...taking([asString, asNumber, asNumber], { text_substr: substring }),
  ...taking([asString, asString, asNumber], { split_part: splitPart }),
  ...taking([asString, asString, asString], {
    replace_text: (a, from, to) => (from === '' ? a : a.split(from).join(to)),
  }),
  lpad: ([a, n, fill = ' ']) => padded(asString(a), asNumber(n), asString(fill), true),
  rpad: ([a, n, fill = ' ']) => padded(asString(a), asNumber(n), asString(fill), false),
  text_concat: (values, env, call) => concatenated(values, call, env, ''),
  text_concat_ws: ([separator = null, ...values], env, call) =>
    separator === null
      ? null
      : concatenated(values, { ...call, arguments: call.arguments.slice(1) }, env, asString(separator)),
  text_format: (values, env, call) => formatted(values, call, env),
  text_format_nv: (values, env, call) => formatted(values, call, env),
  text_to_array: toArray,
  text_to_array_null: toArray,
  quote_literal: ([a], env, call) => quoteLiteral(textOf(a ?? null, call.arguments[0]?.oid ?? OID.text, env)),
  quote_nullable: ([a = null], env, call) =>
    a === null ? 'NULL' : quoteLiteral(textOf(a, call.arguments[0]?.oid ?? OID.text, env)),
}

const byteFunctions: Builtins = {
  ...taking([asBytes], { byteaoctetlen: ({ length }) => length, md5_bytea: md5 }),
  ...taking([asBytes, asBytes], { byteacat: (a, b) => Uint8Array.from([...a, ...b]) }),
  ...taking([asBytes, asString], { binary_encode: encode }),
  ...taking([asString, asString], { binary_decode: decode }),
}

export const TEXT: Builtins = { ...textFunctions, ...byteFunctions }
