import { HpackError } from './hpack-error.ts'

/** The length of each symbol's code in bits (RFC 7541 Appendix B). The last symbol is EOS. */
// biome-ignore format: eight octets a row, as many rows as in the appendix's groups
const CODE_BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
]
const END_OF_TEXT = 256
const LONGEST_CODE_BITS = 30
/** The padding of the last byte is all ones (§5.2). */
const MOST_PADDING_BITS = 7

/** All codes of one length, which are consecutive. */
interface Length {
  readonly firstCode: number
  readonly symbols: readonly number[]
}

/** The code is canonical, so it follows from the code lengths. */
const LENGTHS: readonly Length[] = canonicalCode()

function canonicalCode(): readonly Length[] {
  const lengths: Length[] = []
  let code = 0
  for (let bits = 0; bits <= LONGEST_CODE_BITS; bits++) {
    const symbols = CODE_BITS.flatMap((of, symbol) => (of === bits ? [symbol] : []))
    lengths.push({ firstCode: code, symbols })
    code = (code + symbols.length) * 2
  }
  return lengths
}

/** Decodes a string, as Latin-1. @throws HpackError */
export function decodeHuffman(bytes: Buffer): string {
  const text: number[] = []
  let code = 0
  let bits = 0
  for (const byte of bytes) {
    for (let mask = 0x80; mask > 0; mask >>= 1) {
      code = code * 2 + ((byte & mask) === 0 ? 0 : 1)
      bits++
      const symbol = symbolOf(code, bits)
      if (symbol === undefined) continue
      if (symbol === END_OF_TEXT) throw new HpackError('a Huffman string contains the EOS symbol')
      text.push(symbol)
      code = 0
      bits = 0
    }
  }
  if (bits > MOST_PADDING_BITS || code !== 2 ** bits - 1) throw new HpackError('the last octet is not filled with ones')
  return Buffer.from(text).toString('latin1')
}

function symbolOf(code: number, bits: number): number | undefined {
  const length = LENGTHS[bits]
  return length?.symbols[code - length.firstCode]
}
