import { SqlError } from '../sql/error.ts'
import { ByteReader } from './bytes.ts'

// Bit strings are stored as texts of 0 and 1 and ordered as texts.

/** @param text `101`, `b101` or `x5` */
export function parseBits(text: string): string {
  if (/^x/i.test(text)) {
    const wrong = /[^\da-f]/iu.exec(text.slice(1))
    if (wrong) throw new SqlError('22P02', `"${wrong[0]}" is not a valid hexadecimal digit`)
    return Array.from(text.slice(1), (digit) => Number.parseInt(digit, 16).toString(2).padStart(4, '0')).join('')
  }
  const digits = text.replace(/^b/i, '')
  const wrong = /[^01]/u.exec(digits)
  if (wrong) throw new SqlError('22P02', `"${wrong[0]}" is not a valid binary digit`)
  return digits
}

/**
 * Applies `bit(n)`. An explicit cast truncates or pads at the right end. With a length of -1, returns the bits
 * unchanged.
 */
export function fitBit(bits: string, length: number, explicit: boolean): string {
  if (length < 0 || bits.length === length) return bits
  if (explicit) return bits.slice(0, length).padEnd(length, '0')
  throw new SqlError('22026', `bit string length ${bits.length} does not match type bit(${length})`)
}

/** Applies `bit varying(n)`: at most n bits. */
export function fitVarbit(bits: string, length: number, explicit: boolean): string {
  if (length < 0 || bits.length <= length) return bits
  if (explicit) return bits.slice(0, length)
  throw new SqlError('22001', `bit string too long for type bit varying(${length})`)
}

export function sendBits(bits: string): Uint8Array {
  const bytes = new Uint8Array(4 + Math.ceil(bits.length / 8))
  new DataView(bytes.buffer).setInt32(0, bits.length)
  for (let at = 0; at < bits.length; at += 8)
    bytes[4 + at / 8] = Number.parseInt(bits.slice(at, at + 8).padEnd(8, '0'), 2)
  return bytes
}

export function receiveBits(bytes: Uint8Array): string {
  const reader = new ByteReader(bytes)
  const length = reader.int32()
  if (length < 0) throw new SqlError('22P03', 'invalid length in external bit string')
  const packed = reader.bytes(Math.ceil(length / 8))
  reader.end()
  const digits = Array.from(packed, (byte) => byte.toString(2).padStart(8, '0')).join('')
  return digits.slice(0, length)
}
