const DIGITS = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (sign) =>
  sign.charCodeAt(0),
)
/** `TextDecoder` is a global of both Node and browsers. */
declare const TextDecoder: new () => { readonly decode: (bytes: Uint8Array) => string }

/** Number of digits of the largest number that can be encoded. */
const LONGEST = 11
/** Bit shifts work only on smaller numbers; larger ones are divided. */
const LARGE = 2 ** 31

/**
 * Encodes non-negative integers below 2^53 like source maps (Base64 VLQ). A digit has five bits, lowest first; its
 * sixth bit says that another digit follows.
 */
export function digitsOf(numbers: Float64Array): string {
  const signs = new Uint8Array(numbers.length * LONGEST)
  let end = 0
  for (let i = 0; i < numbers.length; i++) {
    let large = numbers[i] ?? 0
    for (; large >= LARGE; large = Math.floor(large / 32)) signs[end++] = DIGITS[32 + (large % 32)] ?? 0
    let rest = large | 0
    for (; rest >= 32; rest >>= 5) signs[end++] = DIGITS[32 | (rest & 31)] ?? 0
    signs[end++] = DIGITS[rest] ?? 0
  }
  return new TextDecoder().decode(signs.subarray(0, end))
}

/** Maps 0, -1, 1, -2, … to 0, 1, 2, 3, … */
export const signed = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value)
