const ALPHABET = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (sign) =>
  sign.charCodeAt(0),
)
const PADDING = '='.charCodeAt(0)
/** Both Node and browsers have it. */
declare const TextDecoder: new () => { readonly decode: (bytes: Uint8Array) => string }

/** Bytes of the largest number, seven bits of it in each. */
const LONGEST = 8

/** A growing row of bytes that numbers are written to in as few bytes as they need. */
export interface ByteWriter {
  /** A non-negative integer below 2^53: seven bits a byte, lowest first, the high bit saying that more follow (LEB128). */
  readonly unsigned: (value: number) => void
  /** An integer of either sign: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
  readonly signed: (value: number) => void
  readonly base64: () => string
}

export function byteWriter(): ByteWriter {
  let bytes = new Uint8Array(1 << 16)
  let length = 0
  const unsigned = (value: number): void => {
    if (length + LONGEST > bytes.length) {
      const larger = new Uint8Array(length * 2)
      larger.set(bytes)
      bytes = larger
    }
    let rest = value
    // Division instead of shifts: times in nanoseconds do not fit 32 bits.
    while (rest >= 128) {
      bytes[length++] = (rest % 128) + 128
      rest = Math.floor(rest / 128)
    }
    bytes[length++] = rest
  }
  return {
    unsigned,
    signed: (value) => unsigned(value < 0 ? -2 * value - 1 : 2 * value),
    base64: () => toBase64(bytes.subarray(0, length)),
  }
}

function toBase64(bytes: Uint8Array): string {
  const signs = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(PADDING)
  const sign = (group: number): number => ALPHABET[group & 63] ?? 0
  const whole = bytes.length - (bytes.length % 3)
  let at = 0
  for (let i = 0; i < whole; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    signs[at++] = sign(group >> 18)
    signs[at++] = sign(group >> 12)
    signs[at++] = sign(group >> 6)
    signs[at++] = sign(group)
  }
  if (whole < bytes.length) {
    const group = ((bytes[whole] ?? 0) << 16) | ((bytes[whole + 1] ?? 0) << 8)
    signs[at++] = sign(group >> 18)
    signs[at++] = sign(group >> 12)
    if (whole + 1 < bytes.length) signs[at] = sign(group >> 6)
  }
  return new TextDecoder().decode(signs)
}
