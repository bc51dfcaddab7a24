import type { LuaValue } from './values.ts'

export function numberText(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e14) return Object.is(value, -0) ? '-0' : String(value)
  return significant(value, 14)
}

/** Formats a number like `%.{digits}g` in C. */
export function significant(value: number, digits: number, keepsZeros = false): string {
  if (Number.isNaN(value)) return '-nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  const places = Math.max(digits, 1)
  const [mantissa = '', power = ''] = exponential(value, places - 1).split('e')
  const exponent = Number(power)
  const sign = Object.is(value, -0) ? '-' : ''
  if (exponent >= -4 && exponent < places) {
    const fixed = sign + fixedText(value, Math.max(0, places - 1 - exponent))
    return keepsZeros ? fixed : withoutZeros(fixed)
  }
  return `${keepsZeros ? mantissa : withoutZeros(mantissa)}e${exponentText(exponent)}`
}

/** Formats a number like `%.{places}e` in C. */
export function scientific(value: number, places: number): string {
  const [mantissa = '', power = ''] = exponential(value, places).split('e')
  return `${Object.is(value, -0) ? '-' : ''}${mantissa}e${exponentText(Number(power))}`
}

/**
 * The number of digits that are computed beyond the requested digits. They show whether the value is halfway between
 * two numbers with the requested digits.
 */
const MORE = 25

/** Rounds halves to even, as C does; JavaScript rounds them up. */
function exponential(value: number, places: number): string {
  const most = Math.min(places, 100 - MORE)
  return halfToEven(value.toExponential(most), value.toExponential(most + MORE))
}

function halfToEven(rounded: string, exact: string): string {
  const [, even, power = ''] = /^(-?(?:\d*\.?\d*)?[02468]\.?)50{24}(e.*)?$/.exec(exact) ?? []
  return even === undefined ? rounded : even.replace(/\.$/, '') + power
}

/** Formats a number like `%.{places}f` in C. JavaScript would use an exponent from 1e21 on. */
export function fixedText(value: number, places: number): string {
  const most = Math.min(places, 100 - MORE)
  if (Math.abs(value) < 1e21) return halfToEven(value.toFixed(most), value.toFixed(most + MORE))
  return BigInt(value).toString() + (places === 0 ? '' : `.${'0'.repeat(places)}`)
}

const withoutZeros = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)

const exponentText = (exponent: number): string =>
  `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`

export const DECIMAL: RegExp = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i
const HEXADECIMAL = /^([+-]?)0x([\da-f]*)\.?([\da-f]*)(?:p([+-]?\d+))?$/i
export const INFINITE: RegExp = /^([+-]?)inf(inity)?$/i

/** Parses a number as C's `strtod` does. */
export function numberOf(text: string): number | undefined {
  const end = text.indexOf('\0')
  const trimmed = (end < 0 ? text : text.slice(0, end)).replace(/^[ \t-\r]+|[ \t-\r]+$/g, '')
  if (DECIMAL.test(trimmed)) return Number(trimmed)
  const infinite = INFINITE.exec(trimmed)
  if (infinite !== null) return infinite[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^[+-]?nan$/i.test(trimmed)) return Number.NaN
  const found = HEXADECIMAL.exec(trimmed)
  if (found === null) return undefined
  const [, sign, whole = '', fraction = '', power = '0'] = found
  if (whole + fraction === '') return undefined
  const size = Number(`0x${whole}${fraction}`) * 2 ** (Number(power) - 4 * fraction.length)
  return sign === '-' ? -size : size
}

/** Returns a number, or the number in a text. */
export const toNumber = (value: LuaValue): number | undefined =>
  typeof value === 'number' ? value : typeof value === 'string' ? numberOf(value) : undefined

export const toText = (value: LuaValue): string | undefined =>
  typeof value === 'string' ? value : typeof value === 'number' ? numberText(value) : undefined

/** Casts a number to an integer as C does: toward zero, and to the smallest integer if out of range. */
export function toInteger(value: number): number {
  if (Number.isNaN(value) || Math.abs(value) >= 2 ** 63) return -(2 ** 63)
  return Math.trunc(value)
}
