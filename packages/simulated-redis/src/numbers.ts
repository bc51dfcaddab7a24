import { CommandError } from './failures.ts'
import { DECIMAL, INFINITE } from './lua/numbers.ts'

const LEAST = -(2n ** 63n)
const MOST = 2n ** 63n - 1n

const notInteger = (): CommandError => new CommandError('ERR value is not an integer or out of range')

/** @throws CommandError for anything other than a 64-bit integer in its shortest form. */
export function wholeOf(text: string): bigint {
  if (!/^(0|-?[1-9]\d{0,18})$/.test(text)) throw notInteger()
  const value = BigInt(text)
  if (value < LEAST || value > MOST) throw notInteger()
  return value
}

/**
 * Rounds integers that a double cannot represent exactly. Indexes and times do not need such integers.
 *
 * @throws CommandError for anything other than a 64-bit integer in its shortest form.
 */
export const integerOf = (text: string): number => Number(wholeOf(text))

/** @throws CommandError if the sum does not fit into 64 bits. */
export function sumOf(text: string, by: bigint): bigint {
  const sum = wholeOf(text) + by
  if (sum < LEAST || sum > MOST) throw new CommandError('ERR increment or decrement would overflow')
  return sum
}

/** @throws CommandError for anything other than a number or an infinity. */
export function doubleOf(text: string, message = 'ERR value is not a valid float'): number {
  const value = INFINITE.test(text)
    ? Number.POSITIVE_INFINITY * (text.startsWith('-') ? -1 : 1)
    : DECIMAL.test(text)
      ? Number(text)
      : Number.NaN
  if (Number.isNaN(value)) throw new CommandError(message)
  return value
}

/** On x86, Redis adds numbers as 80-bit floats. Their precision is 64 bits. */
const PRECISION = 64
const PLACES = 17

interface Float {
  readonly mantissa: bigint
  readonly exponent: number
}

/** Adds two 80-bit floats, and returns the sum as Redis prints it, with 17 decimal places. */
export function floatSum(one: string, other: string): string {
  const [a, b] = [floatOf(one), floatOf(other)]
  const exponent = Math.min(a.exponent, b.exponent)
  const sum = rounded(
    (a.mantissa << BigInt(a.exponent - exponent)) + (b.mantissa << BigInt(b.exponent - exponent)),
    1n,
    exponent,
  )
  return floatText(sum)
}

function floatOf(text: string): Float {
  doubleOf(text)
  const [, sign, whole = '', fraction = '', power = '0'] =
    /^([+-]?)(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? refuseFloat()
  const shift = Number(power) - fraction.length
  if (Math.abs(shift) > 400) return refuseFloat()
  const digits = BigInt(`${whole}${fraction}`) * (sign === '-' ? -1n : 1n)
  return shift >= 0 ? rounded(digits * 10n ** BigInt(shift), 1n, 0) : rounded(digits, 10n ** BigInt(-shift), 0)
}

function refuseFloat(): never {
  throw new CommandError('ERR value is not a valid float')
}

function rounded(numerator: bigint, denominator: bigint, exponent: number): Float {
  if (numerator === 0n) return { mantissa: 0n, exponent: 0 }
  const [sign, size] = numerator < 0n ? [-1n, -numerator] : [1n, numerator]
  const shift = PRECISION - (bitsOf(size) - bitsOf(denominator))
  const [top, bottom] = shift >= 0 ? [size << BigInt(shift), denominator] : [size, denominator << BigInt(-shift)]
  // The quotient may have one bit more than the precision.
  const excess = bitsOf(top / bottom) > PRECISION ? 1 : 0
  const mantissa = nearest(top, bottom << BigInt(excess))
  return { mantissa: sign * mantissa, exponent: exponent - shift + excess }
}

const bitsOf = (value: bigint): number => value.toString(2).length

function nearest(numerator: bigint, denominator: bigint): bigint {
  const [quotient, rest] = [numerator / denominator, numerator % denominator]
  const up = rest * 2n > denominator || (rest * 2n === denominator && quotient % 2n === 1n)
  return up ? quotient + 1n : quotient
}

function floatText({ mantissa, exponent }: Float): string {
  const [sign, size] = mantissa < 0n ? ['-', -mantissa] : ['', mantissa]
  const scaled = size * 10n ** BigInt(PLACES)
  const digits = (exponent >= 0 ? scaled << BigInt(exponent) : nearest(scaled, 1n << BigInt(-exponent)))
    .toString()
    .padStart(PLACES + 1, '0')
  const text = `${digits.slice(0, -PLACES)}.${digits.slice(-PLACES)}`.replace(/\.?0+$/, '')
  return text === '0' ? '0' : sign + text
}
