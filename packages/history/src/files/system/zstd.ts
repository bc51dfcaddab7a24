import { inputError } from '../../event/error.ts'

/** 4 compressed bytes can expand to 128 KB, so a slice expands to 32 MB at most. */
const SLICE_BYTES = 1024

/** The largest window that the zstd command accepts by default (its --long=27). */
const MAXIMUM_WINDOW_BYTES = 128 << 20

/** Whether the bytes begin a Zstandard frame, or the skippable frame of parallel compressors (RFC 8878, §3.1). */
export const isZstd = (bytes: Uint8Array): boolean =>
  (bytes[0] === 0x28 && bytes[1] === 0xb5 && bytes[2] === 0x2f && bytes[3] === 0xfd) ||
  (((bytes[0] ?? 0) & 0xf0) === 0x50 && bytes[1] === 0x2a && bytes[2] === 0x4d && bytes[3] === 0x18)

/** Decompresses a Zstandard stream (RFC 8878); Node 20 has no built-in decoder. Throws a UserError `input`. */
export async function* unzstd(
  name: string,
  compressed: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { Decompress } = await import('fzstd')
  let ready: Uint8Array[] = []
  const decoder = new Decompress((bytes) => {
    if (bytes.length > 0) ready.push(bytes)
  })
  const push = (bytes: Uint8Array, last: boolean): readonly Uint8Array[] => {
    ready = []
    try {
      decoder.push(bytes, last)
    } catch {
      throw inputError(
        `${name}: its Zstandard compression is damaged or cut off. Recover the intact part with zstdcat.`,
      )
    }
    return ready
  }
  let first = true
  for await (const chunk of compressed) {
    if (first) refuseHugeWindow(name, chunk)
    first = false
    for (let at = 0; at < chunk.length; at += SLICE_BYTES) {
      // Copy the bytes with `slice`: the decoder keeps its input, and the stream may reuse the memory of a chunk.
      yield* push(chunk.slice(at, at + SLICE_BYTES), false)
    }
  }
  yield* push(new Uint8Array(0), true)
}

/** Refuses a large window. Decoding needs memory for the whole window, and a malicious header can request gigabytes. */
function refuseHugeWindow(name: string, header: Uint8Array): void {
  const [, , , , flags = 0, descriptor = 0] = header
  const isSingleSegment = (flags & 0x20) !== 0
  if (header[0] !== 0x28 || isSingleSegment) return
  const base = 2 ** (10 + (descriptor >> 3))
  const windowBytes = base + (base / 8) * (descriptor & 7)
  if (windowBytes <= MAXIMUM_WINDOW_BYTES) return
  throw inputError(
    `${name}: uncompressing it takes a window of ${Math.round(windowBytes / 2 ** 20)} MB, which is too large. Uncompress it by hand: zstdcat --long=31`,
  )
}
