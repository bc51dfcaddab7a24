import { hexOf } from '../types/text.ts'

/** MD5 (RFC 1321), for `md5()`: programs compute keys of locks and caches with it. */
export function md5(bytes: Uint8Array): string {
  const padded = new Uint8Array((((bytes.length + 8) >> 6) + 1) << 6)
  padded.set(bytes)
  padded[bytes.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setBigUint64(padded.length - 8, BigInt(bytes.length) * 8n, true)
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]
  for (let at = 0; at < padded.length; at += 64) block(view, at, state)
  const digest = new DataView(new ArrayBuffer(16))
  state.forEach((word, i) => {
    digest.setUint32(i * 4, word >>> 0, true)
  })
  return hexOf(new Uint8Array(digest.buffer))
}

const SHIFTS: readonly (readonly number[])[] = [
  [7, 12, 17, 22],
  [5, 9, 14, 20],
  [4, 11, 16, 23],
  [6, 10, 15, 21],
]
/**
 * The table T of RFC 1321: 2^32 times the absolute sine of i. Every JavaScript engine computes these sines to more than
 * 32 bits.
 */
const SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32))

function block(view: DataView, at: number, state: number[]): void {
  let [a = 0, b = 0, c = 0, d = 0] = state
  for (let i = 0; i < 64; i += 1) {
    const round = i >> 4
    const [mixed, word] = step(round, i, b, c, d)
    const sum = (a + mixed + (SINES[i] ?? 0) + view.getUint32(at + word * 4, true)) >>> 0
    const shift = SHIFTS[round]?.[i & 3] ?? 0
    const rotated = ((sum << shift) | (sum >>> (32 - shift))) >>> 0
    ;[a, d, c, b] = [d, c, b, (b + rotated) >>> 0]
  }
  ;[a, b, c, d].forEach((value, i) => {
    state[i] = ((state[i] ?? 0) + value) >>> 0
  })
}

function step(round: number, i: number, b: number, c: number, d: number): readonly [number, number] {
  switch (round) {
    case 0:
      return [((b & c) | (~b & d)) >>> 0, i]
    case 1:
      return [((d & b) | (~d & c)) >>> 0, (5 * i + 1) & 15]
    case 2:
      return [(b ^ c ^ d) >>> 0, (3 * i + 5) & 15]
    default:
      return [(c ^ (b | ~d)) >>> 0, (7 * i) & 15]
  }
}
