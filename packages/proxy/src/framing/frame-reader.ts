import type { FrameScanner } from './frame-scanner.ts'
import { NEEDS_MORE, NOT_FRAMED } from './frame-scanner.ts'

/** Where a reader hands out what it read, in the order of the stream; together it is the stream, byte for byte. */
export interface FrameSink {
  /** The first byte of a message is here; everything before it has been handed out. */
  begin?(): void
  /** A whole message. The memory is the reader's source's: to be copied where it is kept. */
  frame(bytes: Buffer): void
  /**
   * Bytes that belong to no whole message: of one that is too large, or that was begun before, or of no framing at all.
   * After the last of a message's, another message may begin.
   */
  loose(bytes: Buffer, last: boolean): void
}

export interface FrameReaderOptions {
  readonly scanner: FrameScanner
  /** Messages longer than this are handed out loose, as they come; so much is kept in memory at most. */
  readonly maxFrameBytes: number
}

const NOTHING = Buffer.alloc(0)

/** Cuts one direction of a connection into messages. Whatever comes, it neither errs nor stops. */
export class FrameReader {
  readonly #scanner: FrameScanner
  readonly #maxFrameBytes: number
  #framed = true
  /** Begins with what came of the open frame, while all of that is still here. */
  #kept: Buffer = NOTHING
  #keptBytes = 0
  /** A part of the open frame was handed out already, so the rest of it follows loose. */
  #loosened = false
  #midMessage = false
  /** Messages that ended, handed out whole or not. */
  messages = 0
  /** Of those, the ones that were handed out loose for their size. */
  oversized = 0

  constructor(options: FrameReaderOptions) {
    this.#scanner = options.scanner
    this.#maxFrameBytes = options.maxFrameBytes
  }

  /** False once something came that is not of this framing: all that follows is loose. */
  get framed(): boolean {
    return this.#framed
  }

  /** Bytes of the open frame that wait for the rest of it. */
  get waitingBytes(): number {
    return this.#keptBytes
  }

  /** In the middle of a message that is handed out loose. */
  get inParts(): boolean {
    return this.#loosened
  }

  read(bytes: Buffer, sink: FrameSink): void {
    let at = 0
    while (at < bytes.length && this.#framed) {
      if (!this.#midMessage) sink.begin?.()
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

  /** Follows the stream without keeping anything: for bytes that go on whatever they are. */
  skim(bytes: Buffer): void {
    let at = 0
    while (at < bytes.length && this.#framed) {
      const end = this.#scanner.scan(bytes, at)
      if (end === NOT_FRAMED) this.#framed = false
      if (end > 0) this.messages++
      this.#midMessage = end < 0
      this.#loosened = this.#midMessage
      at = end < 0 ? bytes.length : end
    }
  }

  /** Hands out what is kept of the open frame, loose; the rest of it will follow loose as well. */
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

  /** Into memory that doubles, so that a message which trickles in byte by byte costs no more than its size. */
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
