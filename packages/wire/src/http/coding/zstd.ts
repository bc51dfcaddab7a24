import { Decompress } from 'fzstd'

/** Each 4 compressed bytes can expand to 128 KB; slices of this size keep the output of one step within 32 MB. */
const SLICE_BYTES = 1024

/** What a decoder of this content coding must support, and may refuse to exceed (RFC 9659 §3). */
const MAXIMUM_WINDOW_BYTES = 8 << 20

/**
 * Decompresses Zstandard (RFC 8878), for which Node 20 has no decoder of its own. Throws if the bytes are damaged, or
 * their content is longer than `most` bytes.
 */
export function unzstd(bytes: Buffer, most: number, isCut: boolean): Buffer {
  if (windowOf(bytes) > Math.max(most, MAXIMUM_WINDOW_BYTES)) throw new Error('the window is too large')
  const parts: Uint8Array[] = []
  let length = 0
  const decoder = new Decompress((part) => {
    length += part.length
    if (length > most) throw new Error('the content is too long')
    // The decoder overwrites this part with the next one.
    parts.push(part.slice())
  })
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
    const isLast = at + SLICE_BYTES >= bytes.length
    // A copy: the decoder keeps its input until a block is complete.
    decoder.push(Uint8Array.from(bytes.subarray(at, at + SLICE_BYTES)), isLast && !isCut)
  }
  return Buffer.concat(parts)
}

/** The memory that decoding needs, from the frame's header (RFC 8878 §3.1.1.1). */
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
