import { order } from '../order.ts'
import { SqlError } from '../sql/error.ts'
import { withoutSpace } from './text.ts'

interface IntegerRange {
  readonly name: string
  readonly least: bigint
  readonly most: bigint
}

export const INT2: IntegerRange = { name: 'smallint', least: -32768n, most: 32767n }
export const INT4: IntegerRange = { name: 'integer', least: -2147483648n, most: 2147483647n }
export const INT8: IntegerRange = { name: 'bigint', least: -(2n ** 63n), most: 2n ** 63n - 1n }

export function outOfRange(range: { readonly name: string }): SqlError {
  return new SqlError('22003', `${range.name} out of range`)
}

const INTEGER = /^([+-]?)(0[xX](?:_?[\da-fA-F]+)+|0[oO](?:_?[0-7]+)+|0[bB](?:_?[01]+)+|\d+(?:_\d+)*)$/

export function parseInteger(text: string, range: IntegerRange): bigint {
  const match = INTEGER.exec(withoutSpace(text))
  if (!match) throw new SqlError('22P02', `invalid input syntax for type ${range.name}: "${text}"`)
  const magnitude = BigInt((match[2] ?? '').replaceAll('_', ''))
  const value = match[1] === '-' ? -magnitude : magnitude
  if (value < range.least || value > range.most) {
    throw new SqlError('22003', `value "${text}" is out of range for type ${range.name}`)
  }
  return value
}

/** Parses an oid. A negative text wraps around, as in `strtoul`. */
export function parseOid(text: string): number {
  const match = /^\s*([+-]?)(\d+)\s*$/.exec(text)
  if (!match) throw new SqlError('22P02', `invalid input syntax for type oid: "${text}"`)
  const value = BigInt(match[2] ?? '0')
  if (value > 4294967295n) throw new SqlError('22003', `value "${text}" is out of range for type oid`)
  return Number(match[1] === '-' ? BigInt.asUintN(32, -value) : value)
}

const FLOAT = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

export function parseFloat8(text: string, name = 'double precision'): number {
  const trimmed = withoutSpace(text)
  const word = trimmed.toLowerCase()
  if (word === 'nan') return Number.NaN
  const infinity = /^([+-]?)inf(inity)?$/.exec(word)
  if (infinity) return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (!FLOAT.test(trimmed)) throw new SqlError('22P02', `invalid input syntax for type ${name}: "${text}"`)
  const value = name === 'real' ? Math.fround(Number(trimmed)) : Number(trimmed)
  const zero = /^[+-]?[0.]*([eE].*)?$/.test(trimmed)
  if (!Number.isFinite(value) || (value === 0 && !zero)) {
    throw new SqlError('22003', `"${trimmed}" is out of range for type ${name}`)
  }
  return value
}

/**
 * Returns the shortest text that parses to the same number. Numbers below 1e-4 or from 1e15 on (1e6 for float4) get an
 * exponent.
 */
export function formatFloat8(value: number): string {
  const text = value.toString()
  return formatFloat(value, isMidway8(value, text) ? value.toPrecision(17) : text, 15)
}

/** Whether a text is exactly halfway between two floats. PostgreSQL prints a longer text then. */
function isMidway8(value: number, text: string): boolean {
  const size = Math.abs(value)
  if (!(size >= 2 ** 53) || !Number.isFinite(size)) return false
  const spacing = 2 ** (Math.floor(Math.log2(size)) - 52)
  const [mantissa = '', power = '0'] = text.replace('-', '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')
  const shift = Number(power) - fraction.length
  if (shift < 0) return false
  const read = BigInt(whole + fraction) * 10n ** BigInt(shift)
  const distance = read - BigInt(size)
  return distance !== 0n && (distance < 0n ? -distance : distance) * 2n === BigInt(spacing)
}

export function formatFloat4(value: number): string {
  if (!Number.isFinite(value) || value === 0) return formatFloat(value, value.toString(), 6)
  for (let digits = 1; digits < 9; digits += 1) {
    const text = roundedToEven(value, digits)
    if (Math.fround(Number(text)) === value && !isMidway4(value, Number(text))) return formatFloat(value, text, 6)
  }
  return formatFloat(value, value.toPrecision(9), 6)
}

/** Returns the text with `digits` digits. Rounds a tie to an even digit; `toExponential` would round it up. */
function roundedToEven(value: number, digits: number): string {
  const text = value.toExponential(digits - 1)
  const longer = value.toExponential(digits)
  const isTie = longer.includes('5e') && Number(longer) === value
  return isTie && /[13579]e/.test(text) ? longer.replace('5e', 'e') : text
}

function isMidway4(value: number, read: number): boolean {
  if (read === value) return false
  // `read` is halfway between `value` and `2 * read - value`. It is halfway between two floats if both are floats.
  return Math.fround(2 * read - value) === 2 * read - value
}

function formatFloat(value: number, text: string, fixedBelow: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'

  const [mantissa = '', power = '0'] = text.replace(/^-/, '').split('e')
  const [whole = '', fraction = ''] = mantissa.split('.')

  const all = `${whole}${fraction}`
  const leading = /^0*/.exec(all)?.[0].length ?? 0
  const digits = all.slice(leading).replace(/0+$/, '')
  const exponent = whole.length - leading - 1 + Number(power)
  const sign = value < 0 ? '-' : ''
  if (digits === '') return `${sign}0`
  if (exponent < -4 || exponent >= fixedBelow) {
    const padded = Math.abs(exponent).toString().padStart(2, '0')
    return `${sign}${digits[0]}${digits.length > 1 ? `.${digits.slice(1)}` : ''}e${exponent < 0 ? '-' : '+'}${padded}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0')
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`
}

/** Compares floats. NaN equals itself and is the greatest. */
export function compareFloat(a: number, b: number): number {
  if (Number.isNaN(a)) return Number.isNaN(b) ? 0 : 1
  if (Number.isNaN(b)) return -1
  return order(a, b)
}
