import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib'
import { Decompress } from 'fzstd'

/** Four compressed bytes may expand to 128 KB, so one step yields at most 32 MB. */
const SLICE_BYTES = 1024

/** A decoder may refuse a larger window (RFC 9659 §3). */
const MAXIMUM_WINDOW_BYTES = 8 << 20

/**
 * Decompresses Zstandard (RFC 8878), for which Node 20 has no decoder. Throws if the bytes are damaged, or expand
 * beyond `most` bytes.
 */
function unzstd(bytes: Buffer, most: number, isCut: boolean): Buffer {
  if (windowOf(bytes) > Math.max(most, MAXIMUM_WINDOW_BYTES)) throw new Error('the window is too large')
  const parts: Uint8Array[] = []
  let length = 0
  const decoder = new Decompress((part) => {
    length += part.length
    if (length > most) throw new Error('the content is too long')
    // Copied, because the decoder writes the next part into the same memory.
    parts.push(part.slice())
  })
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const isLast = at + SLICE_BYTES >= bytes.length
    // The decoder keeps its input until a block is complete.
    decoder.push(Uint8Array.from(bytes.subarray(at, at + SLICE_BYTES)), isLast && !isCut)
  }
  return Buffer.concat(parts)
}

/** Returns the memory that decoding needs in bytes (RFC 8878 §3.1.1.1). */
function windowOf(bytes: Buffer): number {
  const [magic, , , , flags = 0, descriptor = 0] = bytes
  if (magic !== 0x28) return 0
  const isSingleSegment = (flags & 0x20) !== 0
  const base = 2 ** (10 + (descriptor >> 3))
  return isSingleSegment ? contentSizeOf(bytes, flags) : base + (base / 8) * (descriptor & 7)
}

function contentSizeOf(bytes: Buffer, flags: number): number {
  const at = 5 + ([0, 1, 2, 4][flags & 3] ?? 0)
  const size = [1, 2, 4, 8][flags >> 6] ?? 0
  let content = 0
  for (let i = size - 1; i >= 0; i--) content = content * 256 + (bytes[at + i] ?? 0)
  return content
}

/** Encodes and decodes a content coding. A body that is cut off must decode to the start of its content. */
interface Coding {
  decode(bytes: Buffer, most: number, isCut: boolean): Buffer
  /** Absent if Node 20 cannot encode this coding. */
  readonly encode?: (bytes: Buffer) => Buffer
}

// zlib's flush accepts a body that is cut off, and its finish requires a whole one.
const Z_SYNC_FLUSH = 2
const Z_FINISH = 4
const BROTLI_OPERATION_FLUSH = 1
const BROTLI_OPERATION_FINISH = 2

const options = (maxOutputLength: number, isCut: boolean) => ({
  maxOutputLength,
  finishFlush: isCut ? Z_SYNC_FLUSH : Z_FINISH,
})

const gzip: Coding = {
  decode: (bytes, most, isCut) => gunzipSync(bytes, options(most, isCut)),
  encode: (bytes) => gzipSync(bytes),
}

/**
 * Accepts bodies without the zlib header, which some senders omit (RFC 9110 §8.4.1.2). The low half of the header's
 * first byte is always 8.
 */
const deflate: Coding = {
  decode: (bytes, most, isCut) =>
    ((bytes[0] ?? 0) & 0x0f) === 8
      ? inflateSync(bytes, options(most, isCut))
      : inflateRawSync(bytes, options(most, isCut)),
  encode: (bytes) => deflateSync(bytes),
}

const br: Coding = {
  decode: (bytes, maxOutputLength, isCut) =>
    brotliDecompressSync(bytes, {
      maxOutputLength,
      finishFlush: isCut ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH,
    }),
  encode: (bytes) => brotliCompressSync(bytes),
}

const zstd: Coding = { decode: unzstd }

const identity: Coding = { decode: (bytes) => bytes, encode: (bytes) => bytes }

const codings: ReadonlyMap<string, Coding> = new Map([
  ['gzip', gzip],
  ['x-gzip', gzip],
  ['deflate', deflate],
  ['br', br],
  ['zstd', zstd],
  ['identity', identity],
])

/** Whether a value of Content-Encoding leaves the content unencoded. */
export const isPlain = (contentEncoding: string | undefined): boolean =>
  namesIn(contentEncoding).every((name) => name === 'identity')

/**
 * Decodes a body, unless it is damaged, its coding is unknown, or its content exceeds `most` bytes. With `isCut`,
 * decodes the available part.
 */
export function decoded(
  body: Buffer,
  contentEncoding: string | undefined,
  { most, isCut = false }: { readonly most: number; readonly isCut?: boolean },
): Buffer | undefined {
  let bytes = body
  try {
    for (const name of namesIn(contentEncoding).reverse()) {
      const coding = codings.get(name)
      if (coding === undefined) return undefined
      // A sender may leave empty content unencoded: without the header of gzip, for example.
      if (bytes.length > 0) bytes = coding.decode(bytes, most, isCut)
    }
    return bytes
  } catch {
    return undefined
  }
}

/** Returns the body for this content, if all codings can be applied. */
export function encoded(content: Buffer, contentEncoding: string | undefined): Buffer | undefined {
  let bytes = content
  for (const name of namesIn(contentEncoding)) {
    const encode = codings.get(name)?.encode
    if (encode === undefined) return undefined
    bytes = encode(bytes)
  }
  return bytes
}

/** Returns the names of the codings in the order in which they were applied (RFC 9110 §8.4). */
const namesIn = (contentEncoding: string | undefined): string[] =>
  (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
