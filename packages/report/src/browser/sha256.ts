/**
 * Returns the SHA-256 of a text's UTF-8 bytes, in hexadecimal (FIPS 180-4, sections 5 and 6.2). In some browsers, pages
 * opened from disk lack `crypto.subtle`.
 */
export function sha256(text: string): string {
  const bytes = new TextEncoder().encode(text)
  // Pad the text to whole blocks of 64 bytes: with a 1 bit, with 0 bits, and with the text's length in bits.
  const padded = new DataView(new ArrayBuffer(Math.ceil((bytes.length + 9) / 64) * 64))
  new Uint8Array(padded.buffer).set(bytes)
  padded.setUint8(bytes.length, 0x80)
  padded.setBigUint64(padded.byteLength - 8, BigInt(bytes.length) * 8n)
  // The constants are the fractional parts of the square roots and cube roots of the first primes.
  const primes: number[] = []
  for (let n = 2; primes.length < 64; n++) if (primes.every((prime) => n % prime !== 0)) primes.push(n)
  const fraction = (root: number): number => Math.floor((root - Math.floor(root)) * 2 ** 32)
  const constants = primes.map((prime) => fraction(Math.cbrt(prime)))
  const hash = Uint32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)))
  const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by))
  const words = new Uint32Array(64)
  for (let block = 0; block < padded.byteLength; block += 64) {
    for (let t = 0; t < 64; t++) {
      if (t < 16) {
        words[t] = padded.getUint32(block + 4 * t)
        continue
      }
      const [two = 0, fifteen = 0] = [words[t - 2], words[t - 15]]
      const [late, early] = [
        turned(two, 17) ^ turned(two, 19) ^ (two >>> 10),
        turned(fifteen, 7) ^ turned(fifteen, 18) ^ (fifteen >>> 3),
      ]
      words[t] = late + (words[t - 7] ?? 0) + early + (words[t - 16] ?? 0)
    }
    let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = hash
    for (let t = 0; t < 64; t++) {
      const choice = (e & f) ^ (~e & g)
      const majority = (a & b) ^ (a & c) ^ (b & c)
      const first = h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + (constants[t] ?? 0) + (words[t] ?? 0)
      const second = (turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority
      ;[h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0]
    }
    for (const [at, word] of [a, b, c, d, e, f, g, h].entries()) hash[at] = (hash[at] ?? 0) + word
  }
  return Array.from(hash, (word) => word.toString(16).padStart(8, '0')).join('')
}
