import { FLAG, framesOf, hasFlag, headerFragment } from './frames.ts'
import { HpackDecoder, type HpackFields } from './hpack/hpack-decoder.ts'
import { HpackError } from './hpack/hpack-error.ts'

/** Reads the header blocks that one side of a connection sends. */
export class HeaderReader {
  /** Gone once a block made no sense, since all that follow build on it. */
  #decoder: HpackDecoder | undefined = new HpackDecoder()

  /** To be given every header block that comes, trailers and promises too. Undefined where it cannot be read. */
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
