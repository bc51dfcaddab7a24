import { FLAG, FRAME, framesOf, HEADER_BYTES, hasFlag, headerFragment, typeOf } from './frames.ts'
import type { DecodedField } from './hpack/hpack-decoder.ts'
import { type HpackField, STATIC_TABLE } from './hpack/static-table.ts'

/** The longest payload that every peer accepts (RFC 9113 §4.2). */
const MOST_PAYLOAD_BYTES = 16_384

/** Encodes fields without reference to other blocks: only by the static table and literals (RFC 7541 §6.1, §6.2.2). */
export function encodePlainly(fields: readonly DecodedField[]): Buffer {
  return Buffer.concat(fields.flatMap(({ field, isNeverIndexed }) => encodeField(field, isNeverIndexed)))
}

export function lastHeaders(stream: number, given: readonly HpackField[]): Buffer {
  const fragment = encodePlainly(given.map((field) => ({ field, isNeverIndexed: false })))
  const head = Buffer.alloc(HEADER_BYTES)
  head[3] = FRAME.headers
  head[4] = FLAG.endStream
  head.writeUInt32BE(stream, 5)
  return withFragment(head, fragment)
}

export const encodeTableSizes = (sizes: readonly number[]): Buffer =>
  Buffer.concat(sizes.map((size) => integer(0x20, 5, size)))

/** Returns the frames of a header block, with `fragment` in place of its encoded headers, and without padding. */
export function withFragment(block: Buffer, fragment: Buffer): Buffer {
  const [first = block] = framesOf(block)
  const prefix = prefixOf(first)
  const frames: Buffer[] = []
  const stream = first.subarray(5, HEADER_BYTES)
  for (let at = 0; at === 0 || at < fragment.length; ) {
    const isFirst = at === 0
    const before = isFirst ? prefix : NOTHING
    const part = fragment.subarray(at, at + MOST_PAYLOAD_BYTES - before.length)
    at += part.length
    const kept = isFirst ? (first[4] ?? 0) & ~(FLAG.padded | FLAG.endHeaders) : 0
    const head = Buffer.alloc(5)
    head.writeUIntBE(before.length + part.length, 0, 3)
    head[3] = isFirst ? typeOf(first) : FRAME.continuation
    head[4] = kept | (at >= fragment.length ? FLAG.endHeaders : 0)
    frames.push(head, stream, before, part)
    if (part.length === 0) break
  }
  return Buffer.concat(frames)
}

/** Returns a block that begins with table size updates. */
export const withTableSizes = (block: Buffer, sizes: Buffer): Buffer =>
  withFragment(block, Buffer.concat([sizes, ...framesOf(block).map(headerFragment)]))

/** Returns the priority of HEADERS, or the promised stream of PUSH_PROMISE (RFC 9113 §6.2, §6.6). */
function prefixOf(frame: Buffer): Buffer {
  const length = typeOf(frame) === FRAME.pushPromise ? 4 : hasFlag(frame, FLAG.priority) ? 5 : 0
  const start = HEADER_BYTES + (hasFlag(frame, FLAG.padded) ? 1 : 0)
  return frame.subarray(start, start + length)
}

const NOTHING = Buffer.alloc(0)

/**
 * Indices in the static table, counted from 1. `names`: the first field with a name. `fields`: the field with a name
 * and a value.
 */
const names: Map<string, number> = new Map()
const fields: Map<string, number> = new Map()
for (const [i, [name, value]] of STATIC_TABLE.entries()) {
  if (!names.has(name)) names.set(name, i + 1)
  fields.set(`${name}: ${value}`, i + 1)
}

function encodeField([name, value]: HpackField, isNeverIndexed: boolean): readonly Buffer[] {
  const whole = isNeverIndexed ? undefined : fields.get(`${name}: ${value}`)
  if (whole !== undefined) return [integer(0x80, 7, whole)]
  const nameIndex = names.get(name)
  const begin = integer(isNeverIndexed ? 0x10 : 0, 4, nameIndex ?? 0)
  return nameIndex === undefined ? [begin, ...text(name), ...text(value)] : [begin, ...text(value)]
}

function text(value: string): readonly Buffer[] {
  return [integer(0, 7, value.length), Buffer.from(value, 'latin1')]
}

/** Encodes an integer in the low bits of a byte and, if they are too few, following bytes (RFC 7541 §5.1). */
function integer(first: number, prefixBits: number, value: number): Buffer {
  const full = 2 ** prefixBits - 1
  if (value < full) return Buffer.from([first | value])
  const bytes = [first | full]
  let left = value - full
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80)
  bytes.push(left)
  return Buffer.from(bytes)
}
