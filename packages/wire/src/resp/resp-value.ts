import { isUtf8 } from 'node:buffer'
import { respShapes } from './resp-scanner.ts'

/** The value of a RESP message. Sets and pushes are arrays; a map is an array of alternating keys and values. */
export type RespValue =
  /** A simple, bulk or verbatim string, or a number too large for a double. Bytes that are not UTF-8 stay bytes. */
  | { readonly kind: 'string'; readonly value: string | Buffer }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'null' }
  | { readonly kind: 'array' | 'map' | 'push'; readonly items: readonly RespValue[] }

/** Redis nests its replies only a few levels. */
const DEEPEST = 32
const NULL: RespValue = { kind: 'null' }
const ATTRIBUTE = '|'
const ASTERISK = 0x2a
const DOLLAR = 0x24
const CARRIAGE_RETURN = 0x0d
const LINE_FEED = 0x0a
const MINUS = 0x2d
const ZERO = 0x30

/** Reads a whole message found by `createRespScanner`, unless it is malformed. */
export function readResp(frame: Buffer): RespValue | undefined {
  const read = readAt(frame, 0, 0)
  return read?.end === frame.length ? read.value : undefined
}

/** Returns the words of a request: an array of strings, or an inline command. */
export function readRespCommand(frame: Buffer): readonly (string | Buffer)[] | undefined {
  const first = frame[0]
  if (first === undefined) return undefined
  if (!respShapes.has(first)) {
    const words = frame.toString('utf8').trim().split(/\s+/)
    // Redis' quoting of words in inline commands is not supported.
    return words.some((word) => word === '' || word.includes('"') || word.includes("'")) ? undefined : words
  }
  const bulk = readBulkWords(frame)
  if (bulk !== undefined) return bulk
  const value = readResp(frame)
  if (value?.kind !== 'array' || value.items.length === 0) return undefined
  const words = value.items.map((item) => (item.kind === 'string' ? item.value : undefined))
  return words.every((word) => word !== undefined) ? words : undefined
}

/** Reads an array of bulk strings, the form of nearly all clients. */
function readBulkWords(frame: Buffer): readonly (string | Buffer)[] | undefined {
  if (frame[0] !== ASTERISK) return undefined
  const countEnd = findLineEnd(frame, 1)
  const count = readLength(frame, 1, countEnd)
  const words: (string | Buffer)[] = []
  let at = countEnd + 2
  for (let i = 0; i < count; i++) {
    if (frame[at] !== DOLLAR) return undefined
    const lengthEnd = findLineEnd(frame, at)
    const length = readLength(frame, at + 1, lengthEnd)
    if (length < 0) return undefined
    const start = lengthEnd + 2
    words.push(textOf(frame, start, start + length))
    at = start + length + 2
  }
  return words.length > 0 && at === frame.length ? words : undefined
}

/** Redis skips an empty line or array without a reply. */
export const isNoCommand = (frame: Buffer): boolean =>
  frame.length < 8 && /^(\*(0|-1)\r\n|\s*\n)$/.test(frame.toString('latin1'))

interface Read {
  readonly value: RespValue
  readonly end: number
}

function readAt(frame: Buffer, start: number, depth: number): Read | undefined {
  const shape = respShapes.get(frame[start] ?? 0)
  const lineEnd = findLineEnd(frame, start)
  if (shape === undefined || lineEnd === -1 || depth > DEEPEST) return undefined
  const type = String.fromCharCode(frame[start] ?? 0)
  const end = lineEnd + 2
  if (shape.kind === 'line') return { value: lineValue(type, frame, start + 1, lineEnd), end }
  const length = readLength(frame, start + 1, lineEnd)
  if (length < 0) return { value: NULL, end }
  if (shape.kind === 'blob') return { value: blobValue(type, frame, end, end + length), end: end + length + 2 }
  const items = readItems(frame, end, length * shape.valuesEach, depth + 1)
  if (items === undefined) return undefined
  if (type === ATTRIBUTE) return readAt(frame, items.end, depth + 1)
  const kind = type === '%' ? 'map' : type === '>' ? 'push' : 'array'
  return { value: { kind, items: items.values }, end: items.end }
}

/** Nearly all lines are a few digits long, for which this loop is faster than `indexOf`. */
function findLineEnd(frame: Buffer, start: number): number {
  for (let at = start; at + 1 < frame.length; at++)
    if (frame[at] === CARRIAGE_RETURN && frame[at + 1] === LINE_FEED) return at
  return -1
}

/** Reads digits, which the scanner has validated. A negative length means null. */
function readLength(frame: Buffer, start: number, end: number): number {
  if (frame[start] === MINUS) return -1
  let length = 0
  for (let at = start; at < end; at++) length = length * 10 + (frame[at] ?? ZERO) - ZERO
  return length
}

function readItems(frame: Buffer, start: number, count: number, depth: number) {
  const values: RespValue[] = []
  let end = start
  for (let i = 0; i < count; i++) {
    const item = readAt(frame, end, depth)
    if (item === undefined) return undefined
    values.push(item.value)
    end = item.end
  }
  return { values, end }
}

function lineValue(type: string, frame: Buffer, start: number, end: number): RespValue {
  switch (type) {
    case '-':
      return { kind: 'error', message: frame.toString('utf8', start, end) }
    case ':':
    case ',': {
      const text = frame.toString('latin1', start, end)
      const value = Number(text)
      const exact = type === ',' ? Number.isFinite(value) : Number.isSafeInteger(value)
      return exact ? { kind: 'number', value } : { kind: 'string', value: text }
    }
    case '#':
      return { kind: 'boolean', value: frame.toString('latin1', start, end) === 't' }
    case '_':
      return NULL
    default:
      return { kind: 'string', value: textOf(frame, start, end) }
  }
}

function blobValue(type: string, frame: Buffer, start: number, end: number): RespValue {
  if (type === '!') return { kind: 'error', message: frame.toString('utf8', start, end) }
  // A verbatim string begins with a format of three letters and a colon.
  return { kind: 'string', value: textOf(frame, type === '=' ? Math.min(start + 4, end) : start, end) }
}

/**
 * Decodes UTF-8; returns invalid bytes unchanged. The decoder replaces invalid bytes by U+FFFD, so only the bytes of a
 * text with this character must be checked.
 */
function textOf(frame: Buffer, start: number, end: number): string | Buffer {
  const text = frame.toString('utf8', start, end)
  if (!text.includes('\ufffd')) return text
  const bytes = frame.subarray(start, end)
  return isUtf8(bytes) ? text : Buffer.from(bytes)
}

/** Whether a push confirms the start or the end of a subscription. */
export function isSubscription({ items }: RespValue & { readonly kind: 'push' | 'array' | 'map' }): boolean {
  const [kind] = items
  return kind?.kind === 'string' && typeof kind.value === 'string' && kind.value.endsWith('subscribe')
}
