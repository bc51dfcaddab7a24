import { FLAG, FRAME, framesOf, HEADER_BYTES, hasFlag, headerFragment, typeOf } from './frames.ts'
import { changesTable } from './hpack/changes-table.ts'
import { HpackDecoder, type HpackFields } from './hpack/hpack-decoder.ts'
import { HpackError } from './hpack/hpack-error.ts'
import { encodePlainly, encodeTableSizes, withFragment } from './plain-block.ts'

/** The reader decodes skipped blocks as soon as they exceed this size. */
const MOST_SKIPPED_BYTES = 16 * 1024

/** A header block that neither uses nor changes the table that blocks share. */
export interface PlainBlock {
  readonly block: Buffer
  /** The table sizes that the block sets, for the start of the next block. */
  readonly tableSizes: Buffer
}

/** Decodes the header blocks sent by one side of a connection. */
export class HeaderReader {
  /** Undefined after a decoding error: later blocks depend on the damaged block, so they cannot be decoded. */
  #decoder: HpackDecoder | undefined = new HpackDecoder()
  #skipped: Buffer[] = []
  #skippedBytes = 0

  /** Returns the last block in a form that is readable without other blocks, if its fields are known. */
  plain(block: Buffer): PlainBlock | undefined {
    const fields = this.#decoder?.fields
    if (this.#decoder === undefined || fields === undefined) return undefined
    return {
      block: withFragment(block, encodePlainly(fields)),
      tableSizes: encodeTableSizes(this.#decoder.tableSizes),
    }
  }

  /** Takes a block that need not be read. It is decoded only if it changes the table and a later block is read. */
  skip(block: Buffer): void {
    if (this.#decoder === undefined) return
    const isSingle = block.length === HEADER_BYTES + block.readUIntBE(0, 3)
    if (isSingle && !changesTable(headerFragment(block))) return
    this.#skipped.push(Buffer.from(block))
    this.#skippedBytes += block.length
    if (this.#skippedBytes > MOST_SKIPPED_BYTES) this.#catchUp()
  }

  #catchUp(): void {
    const skipped = this.#skipped
    this.#skipped = []
    this.#skippedBytes = 0
    for (const block of skipped) this.#decode(block)
  }

  /**
   * Decodes a header block, if possible. Every block, even of trailers and promises, must be passed to `read` or
   * `skip`.
   */
  read(block: Buffer): HpackFields | undefined {
    if (this.#skippedBytes > 0) this.#catchUp()
    return this.#decode(block)
  }

  #decode(block: Buffer): HpackFields | undefined {
    if (this.#decoder === undefined) return undefined
    const frames = framesOf(block)
    try {
      if (frames.every((frame) => !hasFlag(frame, FLAG.endHeaders))) throw new HpackError('the block is not whole')
      const [only] = frames
      return this.#decoder.decode(
        frames.length === 1 && only !== undefined ? headerFragment(only) : Buffer.concat(frames.map(headerFragment)),
      )
    } catch (error) {
      if (!(error instanceof HpackError)) throw error
      this.#decoder = undefined
      return undefined
    }
  }
}

/** The frames of a longer block are passed on separately. No peer accepts such a block. */
const MOST_BLOCK_BYTES = 1024 * 1024

/** Joins the frames of a header block (RFC 9113 §4.3), because the conditions of a fault may concern any header. */
export class HeaderBlockJoiner {
  #parts: Buffer[] = []
  #bytes = 0

  /** Returns the frame, or the whole block that it completes. */
  join(frame: Buffer): Buffer | undefined {
    const type = typeOf(frame)
    if (this.#parts.length === 0) {
      const begins = type === FRAME.headers || type === FRAME.pushPromise
      if (!begins || hasFlag(frame, FLAG.endHeaders)) return frame
    }
    this.#parts.push(Buffer.from(frame))
    this.#bytes += frame.length
    // A foreign frame inside a block is passed on with the block, so that the receiver reports it.
    const goesOn = this.#parts.length === 1 || type === FRAME.continuation
    return goesOn && !hasFlag(frame, FLAG.endHeaders) && this.#bytes < MOST_BLOCK_BYTES ? undefined : this.take()
  }

  /** Removes and returns the frames of an incomplete block. */
  take(): Buffer {
    const whole = Buffer.concat(this.#parts)
    this.#parts = []
    this.#bytes = 0
    return whole
  }
}
