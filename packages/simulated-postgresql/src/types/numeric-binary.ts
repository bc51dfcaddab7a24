import { SqlError } from '../sql/error.ts'
import { ByteReader, ByteWriter } from './bytes.ts'
import { NAN, powerOfTen } from './numeric.ts'
import { Numeric, type NumericSpecial } from './value.ts'

const SIGNS: readonly (readonly [number, NumericSpecial])[] = [
  [0xc000, 'NaN'],
  [0xd000, 'Infinity'],
  [0xf000, '-Infinity'],
]

/** The greatest scale that the binary form has room for (numeric.c, NUMERIC_DSCALE_MASK). */
const MAX_SCALE = 0x3fff

/** Returns the binary form: digits in base 10,000, weight of the first digit, sign and scale (`numeric_send`). */
export function sendNumeric(value: Numeric): Uint8Array {
  const writer = new ByteWriter()
  const special = SIGNS.find(([, kind]) => kind === value.special)
  if (special) {
    // In the binary form of an infinity, the scale is 0x20 (numeric.c, NUMERIC_DSCALE).
    for (const part of [0, 0, special[0], special[1] === 'NaN' ? 0 : 0x20]) writer.int16(part)
    return writer.bytes()
  }
  const magnitude = value.unscaled < 0n ? -value.unscaled : value.unscaled
  const fractionGroups = Math.ceil(value.scale / 4)
  const aligned = (magnitude * powerOfTen(fractionGroups * 4 - value.scale)).toString()
  const padded = aligned.padStart(Math.ceil(aligned.length / 4) * 4, '0')
  const digits: number[] = []
  for (let i = 0; i < padded.length; i += 4) digits.push(Number(padded.slice(i, i + 4)))
  let weight = digits.length - fractionGroups - 1
  while (digits.length > 0 && digits[0] === 0) {
    digits.shift()
    weight -= 1
  }
  while (digits.length > 0 && digits[digits.length - 1] === 0) digits.pop()
  writer.int16(digits.length)
  writer.int16(digits.length === 0 ? 0 : weight)
  writer.int16(value.unscaled < 0n ? 0x4000 : 0)
  writer.int16(value.scale)
  for (const digit of digits) writer.int16(digit)
  return writer.bytes()
}

export function receiveNumeric(bytes: Uint8Array): Numeric {
  const reader = new ByteReader(bytes)
  const count = reader.uint16()
  const weight = reader.int16()
  const sign = reader.uint16()
  const scale = reader.uint16()
  const special = SIGNS.find(([bits]) => bits === sign)
  if (special === undefined && sign !== 0 && sign !== 0x4000)
    throw new SqlError('22P03', 'invalid sign in external "numeric" value')
  if (scale > MAX_SCALE) throw new SqlError('22P03', 'invalid scale in external "numeric" value')
  let unscaled = 0n
  for (let i = 0; i < count; i += 1) {
    const digit = reader.uint16()
    if (digit > 9999) throw new SqlError('22P03', 'invalid digit in external "numeric" value')
    unscaled = unscaled * 10000n + BigInt(digit)
  }
  reader.end()
  if (special) return special[1] === 'NaN' ? NAN : new Numeric(0n, 0, special[1])
  const shift = scale + (weight - count + 1) * 4
  const atScale = shift >= 0 ? unscaled * powerOfTen(shift) : unscaled / powerOfTen(-shift)
  return new Numeric(sign === 0 ? atScale : -atScale, scale)
}
