import { FLAG, FRAME, hasFlag, typeOf } from './frames.ts'

/** Nobody reads a longer one, and it goes on in its parts. */
const MOST_BLOCK_BYTES = 1024 * 1024

/**
 * Puts header blocks together that came in several frames (RFC 9113 §4.3): what is done about a request is decided by
 * all that its headers say.
 */
export class HeaderBlockJoiner {
  #parts: Buffer[] = []
  #bytes = 0

  /** The frame, or the block that ends with it: frames one behind the other. Undefined while the block goes on. */
  join(frame: Buffer): Buffer | undefined {
    const type = typeOf(frame)
    if (this.#parts.length === 0) {
      const begins = type === FRAME.headers || type === FRAME.pushPromise
      if (!begins || hasFlag(frame, FLAG.endHeaders)) return frame
    }
    this.#parts.push(Buffer.from(frame))
    this.#bytes += frame.length
    // In the middle of a block nothing else may come: whoever gets it will say so.
    const goesOn = this.#parts.length === 1 || type === FRAME.continuation
    return goesOn && !hasFlag(frame, FLAG.endHeaders) && this.#bytes < MOST_BLOCK_BYTES ? undefined : this.take()
  }

  /** What is here of a block that is not whole; no bytes where there is none. */
  take(): Buffer {
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return whole
  }
}
