import { asBytes } from '../types/definitions.ts'
import { type Builtins, taking } from './builtin.ts'

// This file implements SHA-2 with words of 32 bits (RFC 6234). Programs compute keys of advisory locks with it.

/**
 * For each of the first 64 primes, returns the first 32 bits of the fractional part of its root. Doubles represent
 * these bits exactly.
 */
const fractions = (root: (prime: number) => number): Uint32Array =>
  Uint32Array.from(PRIMES, (prime) => Math.floor((root(prime) % 1) * 2 ** 32))

const PRIMES: readonly number[] = Array.from({ length: 312 }, (_, at) => at).filter((number) => {
  for (let factor = 2; factor * factor <= number; factor++) if (number % factor === 0) return false
  return number >= 2
})

const CONSTANTS = fractions(Math.cbrt)
const START_256 = fractions(Math.sqrt).subarray(0, 8)
const START_224 = Uint32Array.of(
  ...[0xc1059ed8, 0x367cd507, 0x3070dd17, 0xf70e5939, 0xffc00b31, 0x68581511, 0x64f98fa7, 0xbefa4fa4],
)

const rotated = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

function digest(bytes: Uint8Array, start: Uint32Array, length: number): Uint8Array {
  const padded = new DataView(new ArrayBuffer((((bytes.length + 8) >> 6) + 1) << 6))
  new Uint8Array(padded.buffer).set(bytes)
  padded.setUint8(bytes.length, 0x80)
  padded.setBigUint64(padded.byteLength - 8, BigInt(bytes.length) * 8n)
  const state = start.slice()
  for (let at = 0; at < padded.byteLength; at += 64) block(padded, at, state)
  const result = new DataView(new ArrayBuffer(32))
  for (const [at, word] of state.entries()) result.setUint32(at * 4, word)
  return new Uint8Array(result.buffer, 0, length)
}

function block(bytes: DataView, start: number, state: Uint32Array): void {
  const words = Uint32Array.from({ length: 64 }, (_, at) => (at < 16 ? bytes.getUint32(start + at * 4) : 0))
  const wordAt = (at: number): number => words[at] ?? 0
  for (let at = 16; at < 64; at++) {
    const [early, late] = [wordAt(at - 15), wordAt(at - 2)]
    const one = rotated(early, 7) ^ rotated(early, 18) ^ (early >>> 3)
    const other = rotated(late, 17) ^ rotated(late, 19) ^ (late >>> 10)
    words[at] = wordAt(at - 16) + one + wordAt(at - 7) + other
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let at = 0; at < 64; at++) {
    const mixed = rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)
    const one = h + mixed + ((e & f) ^ (~e & g)) + (CONSTANTS[at] ?? 0) + wordAt(at)
    const other = (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))
    ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + other) | 0]
  }
  for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) state[at] = (state[at] ?? 0) + word
}

export const SHA: Builtins = taking([asBytes], {
  sha224_bytea: (a) => digest(a, START_224, 28),
  sha256_bytea: (a) => digest(a, START_256, 32),
})
