import { SqlError } from '../sql/error.ts'
import { asBigint, asNumber, asString } from '../types/definitions.ts'
import { type Builtins, taking } from './builtin.ts'

/** Returns the lowest `length` bits of a number; for the type `bit` without a length, one bit. */
function ofNumber(value: bigint, length: number): string {
  const wanted = Math.max(length, 1)
  return BigInt.asUintN(wanted, value).toString(2).padStart(wanted, '0')
}

function toNumber(bits: string, width: 32 | 64): bigint {
  if (bits.length > width) throw new SqlError('22003', `${width === 32 ? 'integer' : 'bigint'} out of range`)
  return BigInt.asIntN(width, BigInt(`0b0${bits}`))
}

/** Casts of bit strings. */
export const BITS: Builtins = {
  ...taking([asNumber, asNumber], { bitfromint4: (a, length) => ofNumber(BigInt(a), length) }),
  ...taking([asBigint, asNumber], { bitfromint8: ofNumber }),
  ...taking([asString], { bittoint4: (a) => Number(toNumber(a, 32)), bittoint8: (a) => toNumber(a, 64) }),
}
