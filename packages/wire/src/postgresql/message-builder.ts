import type { FieldValue } from './message.ts'

/** Unsigned. */
export function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeUInt16BE(value, 0)
  return bytes
}

/** Signed or unsigned. */
export function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value >>> 0, 0)
  return bytes
}

/** @throws Error for a text with a zero byte, which would end it early. */
export function text(value: string): Buffer {
  if (value.includes('\0')) throw new Error('a text of PostgreSQL has no zero bytes')
  return Buffer.from(`${value}\0`)
}

export const value = (bytes: FieldValue): Buffer =>
  bytes === null ? int32(-1) : Buffer.concat([int32(bytes.length), bytes])

export const list = <Item>(items: readonly Item[], bytesOf: (item: Item) => Buffer): Buffer =>
  Buffer.concat([int16(items.length), ...items.map(bytesOf)])

export function typed(type: string, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

export function untyped(...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  return Buffer.concat([int32(body.length + 4), body])
}
