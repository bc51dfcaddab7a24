import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateRawSync,
  inflateSync,
} from 'node:zlib'
import { unzstd } from './zstd.ts'

/** How a coding is applied and removed. The first bytes of a coded body decode to the first bytes of its content. */
interface Coding {
  decode(bytes: Buffer, most: number, isCut: boolean): Buffer
  /** Absent if Node 20 cannot encode it. */
  readonly encode?: (bytes: Buffer) => Buffer
}

// Values of zlib's constants, which a decoder is given to accept a body that is cut off.
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

/** Some senders omit the zlib header (RFC 9110 §8.4.1.2), which always has an 8 in the low half of its first byte. */
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

/** Whether this value of Content-Encoding means that the body is its content. */
export const isPlain = (contentEncoding: string | undefined): boolean =>
  namesIn(contentEncoding).every((name) => name === 'identity')

/**
 * The content of a body. Undefined if a coding is unknown, the body is damaged, or its content is longer than `most`
 * bytes. Of a body that `isCut`, the content of what is there.
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
      // A sender of empty content may omit even the coding's own header.
      if (bytes.length > 0) bytes = coding.decode(bytes, most, isCut)
    }
    return bytes
  } catch {
    return undefined
  }
}

/** The body for this content; undefined if one of the codings cannot be applied. */
export function encoded(content: Buffer, contentEncoding: string | undefined): Buffer | undefined {
  let bytes = content
  for (const name of namesIn(contentEncoding)) {
    const encode = codings.get(name)?.encode
    if (encode === undefined) return undefined
    bytes = encode(bytes)
  }
  return bytes
}

/** In the order in which they were applied (RFC 9110 §8.4). */
const namesIn = (contentEncoding: string | undefined): string[] =>
  (contentEncoding ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
