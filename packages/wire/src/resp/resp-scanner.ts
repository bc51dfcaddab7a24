import { type FrameScanner, NEEDS_MORE, NOT_FRAMED } from '../framing/frame-scanner.ts'

/** As in Redis (PROTO_INLINE_MAX_SIZE). */
const LONGEST_LINE_BYTES = 64 * 1024
/** Redis allows bulk strings of 512 MB and aggregates of 2³² elements. */
const MOST_DIGITS = 10
/** Doubles are exact up to this number, so a malformed stream cannot make the count wrong. */
const MOST_PENDING_VALUES = 2 ** 50

const CARRIAGE_RETURN = 0x0d
const LINE_FEED = 0x0a
const MINUS = 0x2d
const ZERO = 0x30
const NINE = 0x39

/** The form of the data after a type byte. */
export type RespShape =
  /** The rest of the line is the value. */
  | { readonly kind: 'line' }
  /** A length, a line end, the bytes, and another line end. */
  | { readonly kind: 'blob' }
  /**
   * A count, a line end, and as many values or pairs of values. An attribute has this form, but is no value
   * (`isValue`): it precedes the value that it describes.
   */
  | { readonly kind: 'aggregate'; readonly valuesEach: 1 | 2; readonly isValue: boolean }

const array: RespShape = { kind: 'aggregate', valuesEach: 1, isValue: true }

/** Shapes by type byte, of RESP2 and RESP3. No server sends streamed strings and aggregates (`$?`, `*?`). */
export const respShapes: ReadonlyMap<number, RespShape> = new Map(
  (
    [
      ['+-:_#,(', { kind: 'line' }],
      ['$!=', { kind: 'blob' }],
      ['*~>', array],
      ['%', { kind: 'aggregate', valuesEach: 2, isValue: true }],
      ['|', { kind: 'aggregate', valuesEach: 2, isValue: false }],
    ] as const
  ).flatMap(([types, shape]) => [...types].map((type) => [type.charCodeAt(0), shape] as const)),
)

type Expecting = 'type' | 'line' | 'length' | 'length-end' | 'body' | 'body-cr' | 'body-lf'

/**
 * Creates a scanner for RESP2 and RESP3. A request may be an inline command: a line without a type byte. Nesting needs
 * no memory, because only pending values are counted.
 */
export function createRespScanner(options: { readonly inline: boolean }): FrameScanner {
  let expecting: Expecting = 'type'
  let pending = 1
  let opened = false
  let shape: RespShape | undefined
  let lineBytes = 0
  let digits = 0
  let number = 0
  let negative = false
  let bodyLeft = 0

  function openType(byte: number): boolean {
    shape = respShapes.get(byte)
    if (shape === undefined && (opened || !options.inline)) return false
    opened = true
    lineBytes = 0
    digits = 0
    number = 0
    negative = false
    expecting = shape === undefined || shape.kind === 'line' ? 'line' : 'length'
    return true
  }

  function takeLength(byte: number): boolean {
    if (byte === CARRIAGE_RETURN) {
      expecting = 'length-end'
      return digits > 0
    }
    if (byte === MINUS) {
      negative = true
      return digits === 0
    }
    if (byte < ZERO || byte > NINE || digits === MOST_DIGITS) return false
    number = number * 10 + byte - ZERO
    digits++
    return true
  }

  /** Decides what follows a length, which is negative for null. */
  function applyLength(): boolean {
    if (shape?.kind === 'blob' && !negative) {
      bodyLeft = number
      expecting = bodyLeft === 0 ? 'body-cr' : 'body'
      return true
    }
    expecting = 'type'
    if (shape?.kind === 'aggregate') {
      if (!negative) pending += number * shape.valuesEach
      if (!shape.isValue) pending++
    }
    pending--
    return pending <= MOST_PENDING_VALUES
  }

  /**
   * Takes one byte that belongs neither to a line nor to the body of a blob. Returns false if the byte makes the input
   * malformed.
   */
  function take(byte: number): boolean {
    switch (expecting) {
      case 'type':
        return openType(byte)
      case 'length':
        return takeLength(byte)
      case 'length-end':
        return byte === LINE_FEED && applyLength()
      case 'body-cr':
        expecting = 'body-lf'
        return byte === CARRIAGE_RETURN
      case 'body-lf':
        expecting = 'type'
        pending--
        return byte === LINE_FEED
      case 'line':
      case 'body':
        return true
    }
  }

  function skipLine(bytes: Buffer, at: number): number {
    const end = bytes.indexOf(LINE_FEED, at)
    lineBytes += (end === -1 ? bytes.length : end) - at
    if (lineBytes > LONGEST_LINE_BYTES) return NOT_FRAMED
    if (end === -1) return bytes.length
    expecting = 'type'
    pending--
    return end + 1
  }

  function skipBody(bytes: Buffer, at: number): number {
    const skipped = Math.min(bodyLeft, bytes.length - at)
    bodyLeft -= skipped
    if (bodyLeft === 0) expecting = 'body-cr'
    return at + skipped
  }

  return {
    scan(bytes, start) {
      let at = start
      while (at < bytes.length) {
        if (expecting === 'line') {
          at = skipLine(bytes, at)
          if (at === NOT_FRAMED) return NOT_FRAMED
        } else if (expecting === 'body') {
          at = skipBody(bytes, at)
        } else {
          const byte = bytes[at]
          // An inline command may consist of the line feed alone.
          if (expecting === 'type' && byte === LINE_FEED && !opened && options.inline) expecting = 'line'
          else if (byte === undefined || !take(byte)) return NOT_FRAMED
          else at++
        }
        if (expecting !== 'type' || pending > 0) continue
        pending = 1
        opened = false
        return at
      }
      return NEEDS_MORE
    },
  }
}
