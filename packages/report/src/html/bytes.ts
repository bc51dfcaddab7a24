const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

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
  const parts: string[] = []
  for (let i = 0; i < bytes.length; i += 3) {
    const [a = 0, b = 0, c = 0] = [bytes[i], bytes[i + 1], bytes[i + 2]]
    const group = (a << 16) | (b << 8) | c
    const sign = (shift: number): string => ALPHABET[(group >> shift) & 63] ?? ''
    const have = bytes.length - i
    parts.push(sign(18) + sign(12) + (have > 1 ? sign(6) : '=') + (have > 2 ? sign(0) : '='))
  }
  return parts.join('')
}
