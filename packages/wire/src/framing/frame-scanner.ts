/** Returned if the open frame does not end within the given bytes. */
export const NEEDS_MORE = -1
/** Returned if the stream has broken the framing, and cannot be read any further. */
export const NOT_FRAMED = -2

/**
 * Finds the ends of messages in one direction of one connection. It keeps state between calls, so that the stream may
 * be split anywhere. It never keeps the bytes: a declared length is counted down, not allocated.
 */
export interface FrameScanner {
  /**
   * Continues the open frame at `start`. Returns the position after the frame's last byte, which is greater than
   * `start`; NEEDS_MORE if all bytes were used; or NOT_FRAMED. Takes at most constant time for each byte.
   */
  scan(bytes: Buffer, start: number): number
}
