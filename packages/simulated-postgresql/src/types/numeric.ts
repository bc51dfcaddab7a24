import { order } from '../order.ts'
import { SqlError } from '../sql/error.ts'
import { withoutSpace } from './text.ts'
import { Numeric, type NumericSpecial } from './value.ts'

/** `NUMERIC_MAX_DISPLAY_SCALE` and other limits from PostgreSQL's numeric.c. */
const MAX_DISPLAY_SCALE = 1000
const MAX_RESULT_SCALE = 2000
const MIN_SIGNIFICANT_DIGITS = 16
const DIGITS_OF_BASE = 4
const MAX_DIGITS_BEFORE_POINT = 131072
const MAX_SCALE = 16383

export const NAN: Numeric = new Numeric(0n, 0, 'NaN')
const ZERO = new Numeric(0n, 0)

const powers: bigint[] = [1n]
export function powerOfTen(exponent: number): bigint {
  if (exponent > 400) return 10n ** BigInt(exponent)
  for (let i = powers.length; i <= exponent; i += 1) powers.push((powers[i - 1] ?? 1n) * 10n)
  return powers[exponent] ?? 1n
}

export function numericOf(value: bigint | number): Numeric {
  return new Numeric(BigInt(value), 0)
}

const PATTERN = /^(\d+(?:_\d+)*)?(?:(\.)(\d+(?:_\d+)*)?)?(?:[eE]([+-]?\d+(?:_\d+)*))?$/

export function parseNumeric(text: string): Numeric {
  const trimmed = withoutSpace(text)
  const sign = /^[+-]/.exec(trimmed)?.[0] ?? ''
  const body = trimmed.slice(sign.length)
  const word = body.toLowerCase()
  if (word === 'nan' && sign === '') return NAN
  if (word === 'infinity' || word === 'inf') return special(sign === '-' ? '-Infinity' : 'Infinity')
  const based = /^0(x[\da-f]+(?:_[\da-f]+)*|o[0-7]+(?:_[0-7]+)*|b[01]+(?:_[01]+)*)$/i.exec(body)
  if (based) {
    const magnitude = BigInt(`0${based[1]?.replaceAll('_', '')}`)
    return new Numeric(sign === '-' ? -magnitude : magnitude, 0)
  }
  const match = PATTERN.exec(body)
  if (!match || (match[1] === undefined && match[3] === undefined))
    throw new SqlError('22P02', `invalid input syntax for type numeric: "${text}"`)
  const whole = (match[1] ?? '').replaceAll('_', '')
  const fraction = (match[3] ?? '').replaceAll('_', '')
  const exponent = Number((match[4] ?? '0').replaceAll('_', ''))
  if (Math.abs(exponent) > 1_000_000) throw overflow()
  let unscaled = BigInt(`${whole}${fraction}` || '0')
  let scale = fraction.length - exponent
  if (scale < 0) {
    if (unscaled !== 0n) unscaled *= powerOfTen(-scale)
    scale = 0
  }
  const result = new Numeric(sign === '-' ? -unscaled : unscaled, scale)
  return checked(scale > MAX_SCALE ? roundNumeric(result, MAX_SCALE) : result)
}

function overflow(): SqlError {
  return new SqlError('22003', 'value overflows numeric format')
}

function checked(value: Numeric): Numeric {
  const digits = value.unscaled.toString().replace('-', '').length
  if (digits - value.scale > MAX_DIGITS_BEFORE_POINT) throw overflow()
  return value
}

function special(kind: NumericSpecial): Numeric {
  return kind === 'NaN' ? NAN : new Numeric(0n, 0, kind)
}

export function formatNumeric(value: Numeric): string {
  if (value.special) return value.special
  const digits = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString()
  const sign = value.unscaled < 0n ? '-' : ''
  if (value.scale === 0) return sign + digits
  const padded = digits.padStart(value.scale + 1, '0')
  return `${sign}${padded.slice(0, -value.scale)}.${padded.slice(-value.scale)}`
}

export function compareNumeric(a: Numeric, b: Numeric): number {
  if (a.special || b.special) return rank(a) - rank(b)
  const scale = Math.max(a.scale, b.scale)
  return order(atScale(a, scale), atScale(b, scale))
}

/** Returns the rank of special values. NaN is the greatest. */
function rank(value: Numeric): number {
  return ['-Infinity', undefined, 'Infinity', 'NaN'].indexOf(value.special)
}

function atScale(value: Numeric, scale: number): bigint {
  return value.unscaled * powerOfTen(scale - value.scale)
}

function signOf(value: Numeric): number {
  if (value.special === 'Infinity') return 1
  if (value.special === '-Infinity') return -1
  return order(value.unscaled, 0n)
}

export function negateNumeric(a: Numeric): Numeric {
  if (a.special) return a.special === 'NaN' ? a : special(a.special === 'Infinity' ? '-Infinity' : 'Infinity')
  return new Numeric(-a.unscaled, a.scale)
}

export function absoluteNumeric(a: Numeric): Numeric {
  return signOf(a) < 0 ? negateNumeric(a) : a
}

export function addNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special || b.special) {
    if (a.special === 'NaN' || b.special === 'NaN') return NAN
    if (a.special && b.special && a.special !== b.special) return NAN
    return a.special ? a : b
  }
  const scale = Math.max(a.scale, b.scale)
  return checked(new Numeric(atScale(a, scale) + atScale(b, scale), scale))
}

export function subtractNumeric(a: Numeric, b: Numeric): Numeric {
  return addNumeric(a, negateNumeric(b))
}

export function multiplyNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special || b.special) {
    const sign = signOf(a) * signOf(b)
    if (a.special === 'NaN' || b.special === 'NaN' || sign === 0) return NAN
    return special(sign === 1 ? 'Infinity' : '-Infinity')
  }
  const product = checked(new Numeric(a.unscaled * b.unscaled, a.scale + b.scale))
  return product.scale > MAX_SCALE ? roundNumeric(product, MAX_SCALE) : product
}

/** Divides by any number but zero, and rounds half away from zero. */
function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n
  const n = dividend < 0n ? -dividend : dividend
  const d = divisor < 0n ? -divisor : divisor
  const quotient = (2n * n + d) / (2n * d)
  return negative ? -quotient : quotient
}

export function divisionByZero(): SqlError {
  return new SqlError('22012', 'division by zero')
}

export function divideNumeric(a: Numeric, b: Numeric): Numeric {
  const infinite = divideSpecial(a, b)
  if (infinite) return infinite
  if (b.unscaled === 0n) throw divisionByZero()
  return divideAtScale(a, b, divisionScale(a, b))
}

function divideSpecial(a: Numeric, b: Numeric): Numeric | undefined {
  if (!a.special && !b.special) return undefined
  if (a.special === 'NaN' || b.special === 'NaN') return NAN
  if (a.special) {
    if (b.special) return NAN
    if (b.unscaled === 0n) throw divisionByZero()
    return special(signOf(a) * signOf(b) > 0 ? 'Infinity' : '-Infinity')
  }
  return ZERO
}

function divideAtScale(a: Numeric, b: Numeric, scale: number): Numeric {
  const shift = scale + b.scale - a.scale
  return shift >= 0
    ? new Numeric(divideRounded(a.unscaled * powerOfTen(shift), b.unscaled), scale)
    : new Numeric(divideRounded(a.unscaled, b.unscaled * powerOfTen(-shift)), scale)
}

/** Returns the first non-zero digit in base 10,000, as numeric.c stores numbers. */
function firstDigit(value: Numeric): { weight: number; digit: number } {
  if (value.unscaled === 0n) return { weight: 0, digit: 0 }
  const digits = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString()
  const exponent = digits.length - 1 - value.scale
  const weight = Math.floor(exponent / DIGITS_OF_BASE)
  const taken = exponent - weight * DIGITS_OF_BASE + 1
  return { weight, digit: Number(digits.slice(0, taken).padEnd(taken, '0')) }
}

/** Returns the scale of a quotient: at least 16 significant digits (`select_div_scale`). */
function divisionScale(a: Numeric, b: Numeric): number {
  const first = firstDigit(a)
  const second = firstDigit(b)
  let weight = first.weight - second.weight
  if (first.digit <= second.digit) weight -= 1
  return Math.min(Math.max(MIN_SIGNIFICANT_DIGITS - weight * DIGITS_OF_BASE, a.scale, b.scale, 0), MAX_DISPLAY_SCALE)
}

export function moduloNumeric(a: Numeric, b: Numeric): Numeric {
  if (a.special === 'NaN' || b.special === 'NaN') return NAN
  if (a.special) {
    if (!b.special && b.unscaled === 0n) throw divisionByZero()
    return NAN
  }
  if (b.special) return a
  if (b.unscaled === 0n) throw divisionByZero()
  const scale = Math.max(a.scale, b.scale)
  return new Numeric(atScale(a, scale) % atScale(b, scale), scale)
}

/** Rounds half away from zero; a negative scale rounds to the left of the decimal point. */
export function roundNumeric(value: Numeric, scale: number): Numeric {
  return rescaled(value, scale, divideRounded)
}

export function truncateNumeric(value: Numeric, scale: number): Numeric {
  return rescaled(value, scale, (dividend, divisor) => dividend / divisor)
}

function rescaled(value: Numeric, scale: number, divide: typeof divideRounded): Numeric {
  if (value.special) return value
  const wanted = Math.max(Math.min(scale, MAX_RESULT_SCALE), -MAX_RESULT_SCALE)
  if (wanted >= value.scale) return new Numeric(atScale(value, wanted), wanted)
  const cut = divide(value.unscaled, powerOfTen(value.scale - wanted))
  return wanted >= 0 ? new Numeric(cut, wanted) : new Numeric(cut * powerOfTen(-wanted), 0)
}

export function floorNumeric(value: Numeric): Numeric {
  if (value.special) return value
  const cut = truncateNumeric(value, 0)
  return compareNumeric(cut, value) > 0 ? new Numeric(cut.unscaled - 1n, 0) : cut
}

export function ceilingNumeric(value: Numeric): Numeric {
  return negateNumeric(floorNumeric(negateNumeric(value)))
}

/**
 * Returns the precision and the scale in a modifier of numeric; undefined without a modifier. The scale has 11 bits and
 * a sign.
 */
export function numericLimits(typmod: number): { readonly precision: number; readonly scale: number } | undefined {
  if (typmod < 4) return undefined
  const packed = typmod - 4
  return { precision: (packed >> 16) & 0xffff, scale: ((packed & 0x7ff) ^ 1024) - 1024 }
}

/** Applies `numeric(precision, scale)`. */
export function fitNumeric(value: Numeric, typmod: number): Numeric {
  const limits = numericLimits(typmod)
  if (limits === undefined) return value
  const { precision, scale } = limits
  const limit = `A field with precision ${precision}, scale ${scale} must round to an absolute value less than`
  if (value.special) {
    if (value.special === 'NaN') return value
    throw new SqlError('22003', 'numeric field overflow', {
      detail: `A field with precision ${precision}, scale ${scale} cannot hold an infinite value.`,
    })
  }
  const rounded = roundNumeric(value, scale)
  const digits = precision - scale
  const bound = digits >= 0 ? new Numeric(powerOfTen(digits), 0) : new Numeric(1n, -digits)
  if (compareNumeric(absoluteNumeric(rounded), bound) >= 0) {
    throw new SqlError('22003', 'numeric field overflow', {
      detail: `${limit} ${digits !== 0 ? `10^${digits}` : '1'}.`,
    })
  }
  return rounded
}

/** Returns the nearest integer; undefined for NaN and the infinities. */
export function roundedInteger(value: Numeric): bigint | undefined {
  return value.special ? undefined : roundNumeric(value, 0).unscaled
}

export function numericToNumber(value: Numeric): number {
  return Number(formatNumeric(value))
}

/** Converts a float to a numeric with 15 significant digits (6 for float4), as `%.*g` prints it. */
export function numericOfFloat(value: number, significant: number): Numeric {
  if (Number.isNaN(value)) return NAN
  if (!Number.isFinite(value)) return special(value > 0 ? 'Infinity' : '-Infinity')
  return parseNumeric(trimExponent(value.toPrecision(significant)))
}

/** Drops trailing zeros of the mantissa, as `%g` does. */
function trimExponent(text: string): string {
  const [mantissa = '', exponent] = text.split('e')
  const short = mantissa.includes('.') ? mantissa.replace(/\.?0+$/, '') : mantissa
  return exponent === undefined ? short : `${short}e${exponent}`
}
