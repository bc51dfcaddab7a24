import { isZstd } from './zstd.ts'

/** The number of bytes that show how a file is compressed. */
export const MAGIC_BYTES = 4

export type Compression = 'gzip' | 'zstd'

/** How a file that begins with these bytes is compressed; undefined if it is not. */
export function compressionOf(beginning: Uint8Array): Compression | undefined {
  if (beginning[0] === 0x1f && beginning[1] === 0x8b) return 'gzip'
  return isZstd(beginning) ? 'zstd' : undefined
}
