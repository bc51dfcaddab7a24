import { isUtf8 } from 'node:buffer'
import { isTooDeep, type Json } from '@chaosproxy/history'
import type { FieldValue, Format } from '@chaosproxy/wire/postgresql'
import type { ColumnType } from './recorded-table.ts'

// These functions convert column values to the JSON values of a history. A text becomes a number only if it is the
// canonical text of this number. Different texts thus never become equal.

export function textOf(value: FieldValue, format: Format, type: number): string | null | undefined {
  if (value === null) return null
  if (format === 0 || TEXTS.has(type)) return isUtf8(value) ? value.toString('utf8') : undefined
  switch (type) {
    case OID.int2:
      return value.length === 2 ? String((value.readUInt16BE(0) << 16) >> 16) : undefined
    case OID.int4:
      return value.length === 4 ? String(value.readUInt32BE(0) | 0) : undefined
    case OID.int8:
      return value.length === 8 ? String(BigInt.asIntN(64, value.readBigUInt64BE(0))) : undefined
    case OID.bool:
      return value.length === 1 ? (value[0] === 0 ? 'f' : 't') : undefined
    case OID.uuid:
      return value.length === 16 ? uuidText(value.toString('hex')) : undefined
    case OID.jsonb:
      return value[0] === 1 ? value.toString('utf8', 1, value.length) : undefined
    default:
      return undefined
  }
}

/** The elements of a binary array, if it has one dimension and no null. */
export function elementsOf(value: Buffer): readonly string[] | undefined {
  if (value.length < 12) return undefined
  const [dimensions, type] = [value.readUInt32BE(0) | 0, value.readUInt32BE(8) | 0]
  if (dimensions === 0) return []
  if (dimensions !== 1 || value.length < 20) return undefined
  const texts: string[] = []
  for (let at = 20; at < value.length; ) {
    const length = at + 4 <= value.length ? value.readUInt32BE(at) | 0 : -1
    const text = length < 0 ? null : textOf(value.subarray(at + 4, at + 4 + length), 1, type)
    if (typeof text !== 'string') return undefined
    texts.push(text)
    at += 4 + length
  }
  return texts.length === (value.readUInt32BE(12) | 0) ? texts : undefined
}

const uuidText = (hex: string): string =>
  [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')

const OID = { bool: 16, int8: 20, int2: 21, int4: 23, uuid: 2950, jsonb: 3802 } as const

/** Types whose binary format is their text: char, name, text, json, xml, varchar and unknown. */
const TEXTS: ReadonlySet<number> = new Set([18, 19, 25, 114, 142, 1043, 705])

const INTEGERS: ReadonlySet<number> = new Set([OID.int2, OID.int4, OID.int8])
/** Types whose values can be compared as text, because the server writes each value in only one way. */
const EXACT: ReadonlySet<number> = new Set([...TEXTS, ...INTEGERS, OID.uuid])

/** The type of a read value, as the server describes it. `isComputed`: not a plain column of a table. */
export interface ReadType {
  readonly type: number
  readonly modifier: number
  readonly isComputed: boolean
}

/**
 * Why values of this type cannot be compared, if they cannot. The type 0 is unknown. `column`: the column, if there are
 * several.
 */
export function whyNotCompared(
  type: ColumnType,
  { type: oid, modifier, isComputed }: ReadType,
  column?: string,
): string | undefined {
  if (isComputed && (modifier >= 0 || (type === 'numeric' && INTEGERS.has(oid))))
    return 'a cast in its result may round or shorten the value: select the column without the cast'
  if (type !== 'text' || oid === 0 || EXACT.has(oid)) return undefined
  const typeName = INEXACT_TYPES[oid]
  return typeName === undefined
    ? `the column's type (number ${oid}) has several texts for one value: record a column of text or whole numbers, or use a cast in the SELECT`
    : `the column is ${typeName}, which can write the same value in several ways: say ${column === undefined ? `"type":"${typeName}" beside "table"` : `"values":{"${column}":"${typeName}"}`}`
}

const INEXACT_TYPES: { readonly [oid: number]: ColumnType } = { 16: 'boolean', 1700: 'numeric', 3802: 'json' }

const WHOLE = /^(?:0|-?[1-9]\d*)$/
const ALMOST_WHOLE = /^\s*[+-]?\d+\s*$/
const DECIMAL = /^([+-]?)0*(\d*)(?:\.(\d*?)0*)?$/

/** Returns a text in the form that histories use; undefined if the server may return another spelling. */
export function recordedValue(text: string | null, type: ColumnType): Json | undefined {
  if (text === null) return null
  switch (type) {
    case 'text':
      if (WHOLE.test(text)) return wholeNumber(text)
      // An integer column spells this text differently than a text column.
      return ALMOST_WHOLE.test(text) ? undefined : text
    case 'numeric':
      return decimal(text)
    case 'boolean':
      return BOOLEANS.get(text.trim().toLowerCase())
    case 'json':
      return parsed(text)
  }
}

function wholeNumber(text: string): Json {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}

function decimal(text: string): Json | undefined {
  const [found, sign = '', whole = '', fraction = ''] = DECIMAL.exec(text.trim()) ?? []
  if (found === undefined || !/\d/.test(found)) return undefined
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`
  const isZero = digits === '0'
  const canonical = sign === '-' && !isZero ? `-${digits}` : digits
  return WHOLE.test(canonical) ? wholeNumber(canonical) : canonical
}

/** Maps words to booleans. The server also accepts other abbreviations of these words, such as `tru`. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['t', 'true', '1', 'y', 'yes', 'on'].map((text) => [text, true] as const),
  ...['f', 'false', '0', 'n', 'no', 'off'].map((text) => [text, false] as const),
])

function parsed(text: string): Json | undefined {
  try {
    const value = JSON.parse(text) as Json
    return isTooDeep(value) ? undefined : value
  } catch {
    return undefined
  }
}
