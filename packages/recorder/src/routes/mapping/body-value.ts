import { createHash } from 'node:crypto'
import { isTooDeep, type Json, parseJson, TOO_DEEP } from '@chaosproxy/history'
import { type Captured, decoded, isPlain } from '@chaosproxy/wire/http'

const MAXIMUM_UNPACKED_BYTES = 16 * 1024 * 1024

/** Maximum size of texts in the history, in bytes. Longer texts are recorded as hashes. */
export const LONGEST_TEXT_BYTES: number = 4 * 1024

/**
 * Returns a body as text. Bytes that are not text become an object with `base64`, and long bodies become an object with
 * `sha256`. Undefined if the body cannot be decompressed.
 */
export function textOf(captured: Captured, contentEncoding: string | undefined): Json | undefined {
  if ('json' in captured) return captured.json
  if ('withheld' in captured) return undefined
  if ('sha256' in captured) {
    return isPlain(contentEncoding) ? { sha256: captured.sha256, bytes: captured.length } : undefined
  }
  const bytes = unpacked(captured.bytes, contentEncoding)
  if (bytes === undefined) return undefined
  if (bytes.length > LONGEST_TEXT_BYTES) return hashOf(bytes)
  return utf8Of(bytes) ?? { base64: bytes.toString('base64') }
}

/** Returns a text as it would be recorded if it were the body. */
export function shortText(text: string): Json {
  if (text.length * MOST_BYTES_PER_UNIT <= LONGEST_TEXT_BYTES) return text
  const bytes = Buffer.from(text)
  return bytes.length > LONGEST_TEXT_BYTES ? hashOf(bytes) : text
}

/** Maximum size of a UTF-16 code unit in UTF-8. */
const MOST_BYTES_PER_UNIT = 3

const hashOf = (bytes: Buffer): Json => ({
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
})

/** A body of any length as text, if it is text. */
export function wholeTextOf(captured: Captured, contentEncoding: string | undefined): string | undefined {
  if (!('bytes' in captured)) return undefined
  const bytes = unpacked(captured.bytes, contentEncoding)
  return bytes === undefined ? undefined : utf8Of(bytes)
}

function utf8Of(bytes: Buffer): string | undefined {
  const text = bytes.toString('utf8')
  return !text.includes('\ufffd') || Buffer.from(text).equals(bytes) ? text : undefined
}

export interface JsonBody {
  /** The value, if it is JSON that a history can hold. */
  readonly value: Json | undefined
  /** Why a history cannot hold the value, to be put after the words "its body". */
  readonly trouble?: string | undefined
}

/**
 * Returns a body as JSON. A history must be able to hold each member of the body. The body itself may be nested one
 * level deeper.
 */
export function jsonOf(captured: Captured, contentEncoding: string | undefined): JsonBody {
  if ('json' in captured) return jsonBody(captured.json)
  const text = wholeTextOf(captured, contentEncoding)
  const { value, trouble } = jsonBody(parsed(text))
  return value !== undefined && text !== undefined && membersIn(value) < namesIn(text)
    ? { value: undefined, trouble: REPEATED }
    : { value, trouble }
}

/** Parsers differ in which of two equal members they keep. */
const REPEATED = 'names a member twice'

const jsonBody = (value: Json | undefined): JsonBody =>
  value !== undefined && isTooDeep(value, -1) ? { value: undefined, trouble: `is ${TOO_DEEP}` } : { value }

/** The number of members in a value, at any depth. */
function membersIn(value: Json): number {
  if (typeof value !== 'object' || value === null) return 0
  const parts = Object.values(value)
  return parts.reduce<number>((sum, part) => sum + membersIn(part), Array.isArray(value) ? 0 : parts.length)
}

const STRING = /"[^"\\]*(?:\\.[^"\\]*)*"\s*(:)?/g

/** Counts the member names in JSON text. */
function namesIn(text: string): number {
  let names = 0
  for (const [, colon] of text.matchAll(STRING)) if (colon !== undefined) names++
  return names
}

function parsed(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

export function bodyTrouble(captured: Captured, contentEncoding: string | undefined): string | undefined {
  if ('json' in captured) return undefined
  if ('withheld' in captured) return `is left out of ${captured.withheld}`
  if ('sha256' in captured) return `is ${captured.length} bytes long, too long to be kept`
  if (unpacked(captured.bytes, contentEncoding) !== undefined) return undefined
  return `is compressed as ${JSON.stringify(contentEncoding)}, and cannot be unpacked`
}

const unpacked = (bytes: Buffer, contentEncoding: string | undefined): Buffer | undefined =>
  decoded(bytes, contentEncoding, { most: MAXIMUM_UNPACKED_BYTES })
