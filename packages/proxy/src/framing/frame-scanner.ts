/** The open frame does not end in the bytes given. */
export const NEEDS_MORE = -1
/** The stream is not of this framing, and nothing in it can be told from here on. */
export const NOT_FRAMED = -2

/**
 * Finds where the messages of one direction of one connection end. It keeps its place between calls, so that bytes may
 * be cut anywhere, and never the bytes themselves: what a length declares is counted down, not allocated.
 */
export interface FrameScanner {
  /**
   * Goes on with the open frame at `start`: the position right behind its last byte, which is greater than `start`, or
   * NEEDS_MORE once all bytes are looked at, or NOT_FRAMED. Constant time for each byte at most.
   */
  scan(bytes: Buffer, start: number): number
}
