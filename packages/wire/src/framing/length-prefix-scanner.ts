import { type FrameScanner, NEEDS_MORE, NOT_FRAMED } from './frame-scanner.ts'

/** The position and form of a frame's length field, with Netty's names (LengthFieldBasedFrameDecoder). */
export interface LengthPrefix {
  /** The number of bytes before the length field; by default 0. */
  readonly lengthFieldOffset?: number | undefined
  readonly lengthFieldLength: 1 | 2 | 3 | 4
  readonly byteOrder: 'big' | 'little'
  /**
   * Added to the declared length to get the number of bytes after the length field; by default 0. If the length counts
   * the whole frame, the adjustment is `-(lengthFieldOffset + lengthFieldLength)`.
   */
  readonly lengthAdjustment?: number | undefined
}

export function createLengthPrefixScanner(prefix: LengthPrefix): FrameScanner {
  const offset = prefix.lengthFieldOffset ?? 0
  const headerBytes = offset + prefix.lengthFieldLength
  const adjustment = prefix.lengthAdjustment ?? 0
  const big = prefix.byteOrder === 'big'
  let headerRead = 0
  let declared = 0
  let bodyLeft = 0

  /** A length of four bytes may exceed a signed 32-bit integer, so this multiplies: shifts would overflow. */
  function takeHeader(byte: number): void {
    const digit = headerRead - offset
    if (digit >= 0) declared = big ? declared * 256 + byte : declared + byte * 256 ** digit
    headerRead++
  }

  return {
    scan(bytes, start) {
      let at = start
      while (headerRead < headerBytes) {
        const byte = bytes[at]
        if (byte === undefined) return NEEDS_MORE
        takeHeader(byte)
        at++
        if (headerRead < headerBytes) continue
        bodyLeft = declared + adjustment
        if (bodyLeft < 0) return NOT_FRAMED
      }
      if (bodyLeft > bytes.length - at) {
        bodyLeft -= bytes.length - at
        return NEEDS_MORE
      }
      at += bodyLeft
      headerRead = 0
      declared = 0
      return at
    },
  }
}
