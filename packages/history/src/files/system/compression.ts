import { isZstd } from './zstd.ts'

/** The number of bytes needed to detect the compression of a file. */
export const MAGIC_BYTES = 4

export type Compression = 'gzip' | 'zstd'

export function compressionOf(beginning: Uint8Array): Compression | undefined {
  if (beginning[0] === 0x1f && beginning[1] === 0x8b) return 'gzip'
  return isZstd(beginning) ? 'zstd' : undefined
}
