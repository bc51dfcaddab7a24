import { fail } from '../errors.ts'
import { fixedText, scientific, significant, toInteger } from '../numbers.ts'
import type { Arguments } from './arguments.ts'

interface Directive {
  readonly flags: string
  readonly width: number
  readonly precision: number | undefined
  readonly kind: string
}

const DIRECTIVE = /%(?:%|([-+ #0]*)(\d*)(?:(\.)(\d*))?(.?))/gs

/** Formats like C's `sprintf`, without length modifiers. */
export function format(args: Arguments): string {
  let at = 0
  return args
    .text(0)
    .replaceAll(DIRECTIVE, (whole, flags: string = '', width = '', point = '', precision = '', kind = '') => {
      if (whole === '%%') return '%'
      if (flags.length > 5) fail('invalid format (repeated flags)')
      if (width.length > 2 || precision.length > 2) fail('invalid format (width or precision too long)')
      at++
      return directive(args, at, {
        flags,
        width: Number(width),
        precision: point === '' ? undefined : Number(precision),
        kind,
      })
    })
}

function directive(args: Arguments, at: number, how: Directive): string {
  const { kind } = how
  if (at >= args.values.length) args.bad(at, 'no value')
  switch (kind) {
    case 'c':
      return padded(String.fromCharCode(args.integer(at) & 255), how, false)
    case 'd':
    case 'i':
      return integerText(BigInt(toInteger(args.number(at))), how, 10)
    case 'u':
    case 'o':
    case 'x':
    case 'X':
      return integerText(unsigned(args.number(at)), how, { u: 10, o: 8, x: 16, X: 16 }[kind])
    case 'e':
    case 'E':
    case 'f':
    case 'g':
    case 'G':
      return floatText(args.number(at), how)
    case 'q':
      return quoted(args.text(at))
    case 's':
      return stringText(args.text(at), how)
    default:
      return fail(`invalid option '%${kind}' to 'format'`)
  }
}

const unsigned = (value: number): bigint =>
  BigInt.asUintN(64, BigInt(value >= 2 ** 63 ? Math.trunc(value) : toInteger(value)))

function padded(text: string, { flags, width }: Directive, withZeros: boolean): string {
  if (flags.includes('-')) return text.padEnd(width)
  if (!withZeros || !flags.includes('0')) return text.padStart(width)
  const [, sign = '', digits = ''] = /^([+ -]?(?:0[xX])?)(.*)$/s.exec(text) ?? []
  return sign + digits.padStart(width - sign.length, '0')
}

const signOf = (isNegative: boolean, flags: string): string =>
  isNegative ? '-' : flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''

function integerText(value: bigint, how: Directive, base: number): string {
  const { flags, precision, kind } = how
  const size = value < 0n ? -value : value
  let digits = precision === 0 && size === 0n ? '' : size.toString(base).padStart(precision ?? 0, '0')
  if (kind === 'X') digits = digits.toUpperCase()
  if (flags.includes('#') && base === 8 && !digits.startsWith('0')) digits = `0${digits}`
  const prefix = flags.includes('#') && base === 16 && size !== 0n ? `0${kind}` : ''
  const sign = /[di]/.test(kind) ? signOf(value < 0n, flags) : ''
  return padded(sign + prefix + digits, how, precision === undefined)
}

function floatText(value: number, how: Directive): string {
  const { flags, precision = 6, kind } = how
  const isUpper = kind === 'E' || kind === 'G'
  const size = Math.abs(value)
  if (!Number.isFinite(value)) {
    const text = Number.isNaN(value) ? '-nan' : `${signOf(value < 0, flags)}inf`
    return padded(isUpper ? text.toUpperCase() : text, how, false)
  }
  const lower = kind.toLowerCase()
  const digits =
    lower === 'f'
      ? fixedText(size, precision)
      : lower === 'e'
        ? scientific(size, precision)
        : significant(size, precision, flags.includes('#'))
  const text = signOf(value < 0 || Object.is(value, -0), flags) + withPoint(digits, flags)
  return padded(isUpper ? text.toUpperCase() : text, how, true)
}

/** The flag # makes every number show a decimal point. */
const withPoint = (digits: string, flags: string): string =>
  flags.includes('#') && !digits.includes('.') ? digits.replace(/(?=e|$)/, '.') : digits

function quoted(text: string): string {
  const escaped = text
    .replaceAll(/["\\\n]/g, '\\$&')
    .replaceAll('\r', '\\r')
    .replaceAll('\0', '\\000')
  return `"${escaped}"`
}

/**
 * Formats a string. As in C, the string ends at a zero byte. A string of 100 or more bytes is returned whole if there
 * is no precision.
 */
function stringText(text: string, how: Directive): string {
  const { precision } = how
  if (precision === undefined && text.length >= 100) return text
  const end = text.indexOf('\0')
  return padded((end < 0 ? text : text.slice(0, end)).slice(0, precision), how, false)
}
