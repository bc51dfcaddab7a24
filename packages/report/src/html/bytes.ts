const ALPHABET = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (sign) =>
  sign.charCodeAt(0),
)
const PADDING = '='.charCodeAt(0)
/** Arguments of one call. */
const AT_ONCE = 8_192

/** A growing row of bytes that numbers are written to in as few bytes as they need. */
export interface ByteWriter {
  /** A non-negative integer below 2^53: seven bits a byte, lowest first, the high bit saying that more follow (LEB128). */
  readonly unsigned: (value: number) => void
  /** An integer of either sign: 0, -1, 1, -2, … become 0, 1, 2, 3, … */
  readonly signed: (value: number) => void
  readonly base64: () => string
}

export function byteWriter(): ByteWriter {
  let bytes = new Uint8Array(1024)
  let length = 0
  const push = (byte: number): void => {
    if (length === bytes.length) {
      const larger = new Uint8Array(length * 2)
      larger.set(bytes)
      bytes = larger
    }
    bytes[length++] = byte
  }
  // Division instead of shifts: times in nanoseconds do not fit 32 bits.
  const unsigned = (value: number): void => {
    let rest = value
    while (rest >= 128) {
      push((rest % 128) + 128)
      rest = Math.floor(rest / 128)
    }
    push(rest)
  }
  return {
    unsigned,
    signed: (value) => unsigned(value < 0 ? -2 * value - 1 : 2 * value),
    base64: () => toBase64(bytes.subarray(0, length)),
  }
}

function toBase64(bytes: Uint8Array): string {
  const signs = new Uint8Array(4 * Math.ceil(bytes.length / 3)).fill(PADDING)
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    const have = Math.min(3, bytes.length - i)
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0)
    for (let sign = 0; sign <= have; sign++) signs[at + sign] = ALPHABET[(group >> (18 - 6 * sign)) & 63] ?? 0
    at += 4
  }
  // Many at once, since a page has a million of them.
  let text = ''
  for (let from = 0; from < signs.length; from += AT_ONCE)
    text += String.fromCharCode(...signs.subarray(from, from + AT_ONCE))
  return text
}
