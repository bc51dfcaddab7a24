import { SqlError } from '../sql/error.ts'
import { asBigint, asNumber, asString } from '../types/definitions.ts'
import type { SqlValue } from '../types/value.ts'
import type { Builtin, Builtins } from './builtin.ts'

function combined(name: string, combine: (a: string, b: string) => boolean): Builtin {
  return ([left, right]) => {
    const [one, other] = [asString(left), asString(right)]
    if (one.length !== other.length) throw new SqlError('22026', `cannot ${name} bit strings of different sizes`)
    return Array.from(one, (bit, at) => (combine(bit, other.charAt(at)) ? '1' : '0')).join('')
  }
}

function shifted(bits: string, left: number): string {
  const { length } = bits
  if (left >= 0) return bits.slice(left).padEnd(length, '0')
  return bits.slice(0, Math.max(length + left, 0)).padStart(length, '0')
}

/** The lowest bits of a number, as many as the type says; `bit` alone has one. */
function ofNumber(value: bigint, length: SqlValue | undefined): string {
  const wanted = Math.max(asNumber(length), 1)
  return BigInt.asUintN(wanted, value).toString(2).padStart(wanted, '0')
}

function toNumber(bits: string, width: 32 | 64): bigint {
  if (bits.length > width) throw new SqlError('22003', `${width === 32 ? 'integer' : 'bigint'} out of range`)
  return BigInt.asIntN(width, BigInt(`0b0${bits}`))
}

function substring(bits: string, from: number, length = Number.POSITIVE_INFINITY): string {
  if (length < 0) throw new SqlError('22011', 'negative substring length not allowed')
  return bits.slice(Math.max(from - 1, 0), Math.max(from - 1 + length, 0))
}

function placeOf(bits: string, at: number): number {
  if (at >= 0 && at < bits.length) return at
  throw new SqlError('2202E', `bit index ${at} out of valid range (0..${bits.length - 1})`)
}

/** Functions of bit strings. */
export const BITS: Builtins = {
  bitfromint4: ([a, length]) => ofNumber(BigInt(asNumber(a)), length),
  bitfromint8: ([a, length]) => ofNumber(asBigint(a), length),
  bittoint4: ([a]) => Number(toNumber(asString(a), 32)),
  bittoint8: ([a]) => toNumber(asString(a), 64),
  bitcat: ([a, b]) => asString(a) + asString(b),
  bit_and: combined('AND', (a, b) => a === '1' && b === '1'),
  bit_or: combined('OR', (a, b) => a === '1' || b === '1'),
  bitxor: combined('XOR', (a, b) => a !== b),
  bitnot: ([a]) => Array.from(asString(a), (bit) => (bit === '1' ? '0' : '1')).join(''),
  bitshiftleft: ([a, by]) => shifted(asString(a), asNumber(by)),
  bitshiftright: ([a, by]) => shifted(asString(a), -asNumber(by)),
  bitlength: ([a]) => asString(a).length,
  bitoctetlength: ([a]) => Math.ceil(asString(a).length / 8),
  bit_bit_count: ([a]) => BigInt(asString(a).replaceAll('0', '').length),
  bitposition: ([a, part]) => asString(a).indexOf(asString(part)) + 1,
  bitsubstr: ([a, from, length]) => substring(asString(a), asNumber(from), asNumber(length)),
  bitsubstr_no_len: ([a, from]) => substring(asString(a), asNumber(from)),
  bitgetbit: ([a, at]) => Number(asString(a).charAt(placeOf(asString(a), asNumber(at)))),
  bitsetbit: ([a, at, value]) => {
    const bits = asString(a)
    const place = placeOf(bits, asNumber(at))
    if (value !== 0 && value !== 1) throw new SqlError('22023', 'new bit must be 0 or 1')
    return `${bits.slice(0, place)}${value}${bits.slice(place + 1)}`
  },
}
