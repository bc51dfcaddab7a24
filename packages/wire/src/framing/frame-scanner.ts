/** The open frame does not end within the given bytes. */
export const NEEDS_MORE = -1
/** The stream has broken the framing, and cannot be read from here on. */
export const NOT_FRAMED = -2

/**
 * Finds the ends of messages in one direction of one connection. It keeps its state between calls, so that bytes may
 * be cut anywhere, but never the bytes themselves: a declared length is counted down, not allocated.
 */
export interface FrameScanner {
  /**
   * Continues the open frame at `start`. Returns the position after its last byte, which is greater than `start`;
   * NEEDS_MORE if all bytes were used; or NOT_FRAMED. At most constant time for each byte.
   */
  scan(bytes: Buffer, start: number): number
}
