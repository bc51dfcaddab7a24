/** Returned if the open frame does not end within the given bytes. */
export const NEEDS_MORE = -1
/** Returned if the stream has broken the framing, and cannot be read any further. */
export const NOT_FRAMED = -2

/**
 * Finds the ends of messages in one direction of a connection. Messages may be split anywhere. The scanner keeps no
 * bytes: it counts down a declared length instead of allocating memory.
 */
export interface FrameScanner {
  /**
   * Continues the open frame at `start`. Returns the position after its last byte, NEEDS_MORE, or NOT_FRAMED. Takes at
   * most constant time for each byte.
   */
  scan(bytes: Buffer, start: number): number
}
