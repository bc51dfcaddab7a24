import { FLAG, FRAME, hasFlag, typeOf } from './frames.ts'

/** No peer accepts a longer block; beyond this its frames are passed on separately. */
const MOST_BLOCK_BYTES = 1024 * 1024

/**
 * Joins header blocks that span several frames (RFC 9113 §4.3), since rules are decided on all headers of a request.
 */
export class HeaderBlockJoiner {
  #parts: Buffer[] = []
  #bytes = 0

  /**
   * Returns the frame, or the concatenated frames of the block that it completes. Undefined while a block is
   * incomplete.
   */
  join(frame: Buffer): Buffer | undefined {
    const type = typeOf(frame)
    if (this.#parts.length === 0) {
      const begins = type === FRAME.headers || type === FRAME.pushPromise
      if (!begins || hasFlag(frame, FLAG.endHeaders)) return frame
    }
    this.#parts.push(Buffer.from(frame))
    this.#bytes += frame.length
    // A foreign frame inside a block is an error; pass it on and let the receiver report it.
    const goesOn = this.#parts.length === 1 || type === FRAME.continuation
    return goesOn && !hasFlag(frame, FLAG.endHeaders) && this.#bytes < MOST_BLOCK_BYTES ? undefined : this.take()
  }

  /** Removes and returns the frames of an incomplete block; empty if there is none. */
  take(): Buffer {
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return whole
  }
}
