import { asBigint, asString } from '../types/definitions.ts'
import { encodeUtf8 } from '../types/utf8.ts'
import { type Builtins, taking } from './builtin.ts'

// This file implements PostgreSQL's hash of bytes (hashfn.c, after Bob Jenkins's lookup3). Programs compute keys of
// advisory locks with it.

type State = [number, number, number]

function rotate(value: number, by: number): number {
  return (value << by) | (value >>> (32 - by))
}

function mix(s: State): void {
  let [a, b, c] = s
  a = (a - c) ^ rotate(c, 4)
  c = (c + b) | 0
  b = (b - a) ^ rotate(a, 6)
  a = (a + c) | 0
  c = (c - b) ^ rotate(b, 8)
  b = (b + a) | 0
  a = (a - c) ^ rotate(c, 16)
  c = (c + b) | 0
  b = (b - a) ^ rotate(a, 19)
  a = (a + c) | 0
  c = (c - b) ^ rotate(b, 4)
  b = (b + a) | 0
  s[0] = a
  s[1] = b
  s[2] = c
}

function finish(s: State): void {
  let [a, b, c] = s
  c = ((c ^ b) - rotate(b, 14)) | 0
  a = ((a ^ c) - rotate(c, 11)) | 0
  b = ((b ^ a) - rotate(a, 25)) | 0
  c = ((c ^ b) - rotate(b, 16)) | 0
  a = ((a ^ c) - rotate(c, 4)) | 0
  b = ((b ^ a) - rotate(a, 14)) | 0
  c = ((c ^ b) - rotate(b, 24)) | 0
  s[0] = a
  s[1] = b
  s[2] = c
}

function hashed(bytes: Uint8Array, seed: bigint): State {
  const start = (0x9e3779b9 + bytes.length + 3923095) | 0
  const s: State = [start, start, start]
  if (seed !== 0n) {
    s[0] = (s[0] + Number(seed >> 32n)) | 0
    s[1] = (s[1] + Number(seed & 0xffff_ffffn)) | 0
    mix(s)
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let at = 0
  for (; bytes.length - at >= 12; at += 12) {
    for (const word of [0, 1, 2] as const) s[word] = (s[word] + view.getInt32(at + 4 * word, true)) | 0
    mix(s)
  }
  // The lowest byte of the state's third word is reserved for the length of the input.
  for (let i = 0; at + i < bytes.length; i += 1) {
    const word = i < 4 ? 0 : i < 8 ? 1 : 2
    const shift = 8 * (word === 2 ? i - 7 : i % 4)
    s[word] = (s[word] + ((bytes[at + i] ?? 0) << shift)) | 0
  }
  finish(s)
  return s
}

export const HASHES: Builtins = {
  ...taking([asString], { hashtext: (text) => hashed(encodeUtf8(text), 0n)[2] }),
  ...taking([asString, asBigint], {
    hashtextextended: (text, seed) => {
      const [, b, c] = hashed(encodeUtf8(text), seed)
      return BigInt.asIntN(64, (BigInt(b >>> 0) << 32n) | BigInt(c >>> 0))
    },
  }),
}
