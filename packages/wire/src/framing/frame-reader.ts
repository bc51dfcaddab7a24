import { type FrameScanner, NEEDS_MORE, NOT_FRAMED } from './frame-scanner.ts'

/** Receives the parts of a stream in order. Together the parts are the stream, byte for byte. */
export interface FrameSink {
  /** Reports the first byte of a message, after all earlier bytes were delivered. */
  begin?(firstByte: number): void
  /** Receives a whole message. Its memory is borrowed, so bytes to keep must be copied. */
  frame(bytes: Buffer): void
  /**
   * Receives bytes that are not a whole message: a part, or bytes without framing. With `last`, the message ends after
   * them.
   */
  loose(bytes: Buffer, last: boolean): void
}

export interface FrameReaderOptions {
  readonly scanner: FrameScanner
  /** The maximum number of bytes to keep. Longer messages are delivered in parts. */
  readonly maxFrameBytes: number
}

const NOTHING = Buffer.alloc(0)

/** Splits one direction of a connection into messages. It accepts any bytes without failing. */
export class FrameReader {
  readonly #scanner: FrameScanner
  readonly #maxFrameBytes: number
  #framed = true
  /** The received bytes of the open frame. Empty if a part of the frame was delivered. */
  #kept: Buffer = NOTHING
  #keptBytes = 0
  /** Whether the rest of the open frame is delivered in parts. */
  #loosened = false
  #midMessage = false
  /** The number of messages so far, including messages that were delivered in parts. */
  messages = 0
  /** The number of messages too large to be delivered whole. */
  oversized = 0

  constructor(options: FrameReaderOptions) {
    this.#scanner = options.scanner
    this.#maxFrameBytes = options.maxFrameBytes
  }

  /** False once the stream has broken the framing. All later bytes are delivered without framing. */
  get framed(): boolean {
    return this.#framed
  }

  /** The number of kept bytes, which wait for the rest of the open frame. */
  get waitingBytes(): number {
    return this.#keptBytes
  }

  /** Whether a message is being delivered in parts. */
  get inParts(): boolean {
    return this.#loosened
  }

  read(bytes: Buffer, sink: FrameSink): void {
    let at = 0
    while (at < bytes.length && this.#framed) {
      if (!this.#midMessage) sink.begin?.(bytes[at] ?? 0)
      const end = this.#scanner.scan(bytes, at)
      this.#midMessage = end < 0
      if (end === NOT_FRAMED) {
        this.#framed = false
        this.release(sink)
      } else if (end === NEEDS_MORE) {
        this.#keep(bytes.subarray(at), sink)
        return
      } else {
        this.#close(bytes.subarray(at, end), sink)
        at = end
      }
    }
    if (at < bytes.length) sink.loose(bytes.subarray(at), false)
  }

  /** Scans the stream without keeping bytes. Calls `begin` with each message's first byte. */
  skim(bytes: Buffer, begin?: (firstByte: number) => void): void {
    let at = 0
    while (at < bytes.length && this.#framed) {
      if (begin !== undefined && !this.#midMessage) begin(bytes[at] ?? 0)
      const end = this.#scanner.scan(bytes, at)
      if (end === NOT_FRAMED) this.#framed = false
      if (end > 0) this.messages++
      this.#midMessage = end < 0
      this.#loosened = this.#midMessage
      at = end < 0 ? bytes.length : end
    }
  }

  /** Delivers the kept bytes of the open frame before the frame is complete. Its rest is then delivered in parts. */
  release(sink: FrameSink): void {
    if (this.#keptBytes === 0) return
    const kept = this.#takeKept()
    this.#loosened = true
    sink.loose(kept, false)
  }

  #close(rest: Buffer, sink: FrameSink): void {
    this.messages++
    if (this.#keptBytes + rest.length > this.#maxFrameBytes) this.#giveUp(sink)
    if (this.#loosened) {
      this.#loosened = false
      sink.loose(rest, true)
    } else if (this.#keptBytes === 0) {
      sink.frame(rest)
    } else {
      this.#append(rest)
      sink.frame(this.#takeKept())
    }
  }

  #keep(part: Buffer, sink: FrameSink): void {
    if (this.#keptBytes + part.length > this.#maxFrameBytes) this.#giveUp(sink)
    if (this.#loosened) {
      sink.loose(part, false)
      return
    }
    this.#append(part)
  }

  /** The memory doubles, so that a message that arrives byte by byte costs linear time. */
  #append(part: Buffer): void {
    const neededBytes = this.#keptBytes + part.length
    if (neededBytes > this.#kept.length) {
      const larger = Buffer.allocUnsafeSlow(Math.min(this.#maxFrameBytes, Math.max(neededBytes, 2 * this.#kept.length)))
      this.#kept.copy(larger, 0, 0, this.#keptBytes)
      this.#kept = larger
    }
    part.copy(this.#kept, this.#keptBytes)
    this.#keptBytes = neededBytes
  }

  #giveUp(sink: FrameSink): void {
    if (this.#loosened) return
    this.oversized++
    this.release(sink)
    this.#loosened = true
  }

  #takeKept(): Buffer {
    const whole = this.#kept.subarray(0, this.#keptBytes)
    this.#kept = NOTHING
    this.#keptBytes = 0
    return whole
  }
}
