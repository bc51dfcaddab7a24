/** Returned if the open frame does not end within the given bytes. */
export const NEEDS_MORE = -1
/** Returned if the stream has broken the framing. Such a stream cannot be read any further. */
export const NOT_FRAMED = -2

/**
 * Finds the ends of messages in one direction of one connection. A scanner keeps state between calls, so that the
 * stream may be split anywhere. A scanner does not keep the bytes of a message: it counts down a declared length
 * instead of allocating memory.
 */
export interface FrameScanner {
  /**
   * Continues the open frame at `start`. Returns the position after the frame's last byte, which is greater than
   * `start`. Returns NEEDS_MORE if all bytes were used, or NOT_FRAMED. Takes at most constant time for each byte.
   */
  scan(bytes: Buffer, start: number): number
}
