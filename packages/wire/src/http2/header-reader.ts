import { FLAG, framesOf, hasFlag, headerFragment } from './frames.ts'
import { HpackDecoder, type HpackFields } from './hpack/hpack-decoder.ts'
import { HpackError } from './hpack/hpack-error.ts'

/** Decodes the header blocks sent by one side of a connection. */
export class HeaderReader {
  /** Dropped after a decoding error, since later blocks depend on the ones before. */
  #decoder: HpackDecoder | undefined = new HpackDecoder()

  /** Must be given every header block, trailers and promises included. Undefined if it cannot be decoded. */
  read(block: Buffer): HpackFields | undefined {
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
