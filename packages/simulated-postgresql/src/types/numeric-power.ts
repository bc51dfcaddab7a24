import { NotSupported, SqlError } from '../sql/error.ts'
import { divideRounded, numericToNumber, powerOfTen, roundNumeric, trimNumeric } from './numeric.ts'
import { Numeric } from './value.ts'

/** Digits beyond which a power is refused rather than computed. */
const MOST_DIGITS = 20_000

/** `numeric_power` for whole exponents: `power_var_int` chooses at least 16 significant digits. */
export function powerNumeric(base: Numeric, exponent: Numeric): Numeric {
  const whole = trimNumeric(exponent)
  if (base.special || exponent.special) throw new NotSupported('a power of NaN or infinity')
  if (base.unscaled === 0n && exponent.unscaled < 0n) {
    throw new SqlError('2201F', 'zero raised to a negative power is undefined')
  }
  if (whole.scale > 0) {
    if (base.unscaled < 0n) {
      throw new SqlError('2201F', 'a negative number raised to a non-integer power yields a complex result')
    }
    throw new NotSupported('a numeric power with a fraction in its exponent')
  }
  if (base.unscaled === 0n && exponent.unscaled !== 0n) return new Numeric(0n, 16)
  const count = Number(whole.unscaled)
  const magnitude = count * Math.log10(Math.abs(numericToNumber(base)) || 1)
  if (Math.abs(magnitude) > MOST_DIGITS || Math.abs(count) > MOST_DIGITS)
    throw new NotSupported('a power of more than 20,000 digits')
  const scale = Math.min(Math.max(16 - Math.trunc(magnitude), base.scale, exponent.scale, 0), 1000)
  const size = BigInt(Math.abs(count))
  if (count >= 0) return roundNumeric(new Numeric(base.unscaled ** size, base.scale * count), scale)
  const shift = scale + base.scale * -count
  return new Numeric(divideRounded(powerOfTen(shift), base.unscaled ** size), scale)
}
