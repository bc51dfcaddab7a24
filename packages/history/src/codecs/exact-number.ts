/** The number of digits of the largest double. */
const MOST_DIGITS = 309
/** An integer with more digits than this is written with an exponent, unless a double represents it exactly. */
const MOST_DIGITS_WRITTEN = 40

/**
 * Returns a double if the double equals the decimal or prints the same digits (`0.1`). Otherwise returns a text. Equal
 * numbers have the same text: digits with an N, or significant digits and a power of ten.
 *
 * @param token digits, optionally with a sign, a fraction and an exponent.
 */
export function exactNumber(token: string): number | string {
  const value = Number(token)
  if (Number.isSafeInteger(value) && /^-?\d{1,15}$/.test(token)) return value || 0
  const { digits, power, negative } = decimalOf(token)
  if (digits === '') return 0
  const sign = negative ? '-' : ''
  const length = digits.length + power
  if (power >= 0 && length <= MOST_DIGITS) {
    const integer = `${sign}${digits}${'0'.repeat(power)}`
    if (Number.isFinite(value) && BigInt(value) === BigInt(integer)) return value
    return length <= MOST_DIGITS_WRITTEN ? `${integer}N` : `${sign}${digits}e${power}`
  }
  if (Number.isFinite(value) && value !== 0) {
    const shortest = decimalOf(String(Math.abs(value)))
    if (shortest.digits === digits && shortest.power === power) return value
  }
  return `${sign}${digits}e${power}`
}

/** A ratio (`2/4`) in lowest terms (`1/2`), or the integer that it equals. */
export function exactRatio(token: string): number | string {
  const [above = 0n, below = 1n] = token.split('/').map(BigInt)
  let [divisor, rest] = [above < 0n ? -above : above, below]
  while (rest !== 0n) [divisor, rest] = [rest, divisor % rest]
  return below === divisor ? exactNumber((above / divisor).toString()) : `${above / divisor}/${below / divisor}`
}

/** The digits without leading and trailing zeros, and the power of ten of the last digit. */
function decimalOf(token: string): { readonly digits: string; readonly power: number; readonly negative: boolean } {
  const [mantissa = '', exponent = '0'] = token.toLowerCase().split('e')
  const [whole = '', fraction = ''] = mantissa.replace(/^[+-]/, '').split('.')
  const digits = `${whole}${fraction}`.replace(/^0+/, '')
  const trimmed = digits.replace(/0+$/, '')
  const power = Number(exponent) - fraction.length + (digits.length - trimmed.length)
  return { digits: trimmed, power, negative: mantissa.startsWith('-') }
}
