import type { MatchableHead } from '../http/head-match.ts'
import { FLAG, framesOf, hasFlag, headerFragment } from './frames.ts'
import { HpackDecoder } from './hpack/hpack-decoder.ts'
import { HpackError } from './hpack/hpack-error.ts'

/** What the requests of one connection say at their heads. */
export class RequestHeads {
  /** Gone once a block made no sense, since all that follow build on it. */
  #decoder: HpackDecoder | undefined = new HpackDecoder()

  /** To be given every header block that the client sends, trailers too. Undefined where it cannot be read. */
  read(block: Buffer): MatchableHead | undefined {
    if (this.#decoder === undefined) return undefined
    const frames = framesOf(block)
    try {
      if (frames.every((frame) => !hasFlag(frame, FLAG.endHeaders))) throw new HpackError('the block is not whole')
      const headers = this.#decoder.decode(Buffer.concat(frames.map(headerFragment)))
      return { method: headers.get(':method') ?? '', target: headers.get(':path') ?? '', headers }
    } catch (error) {
      if (!(error instanceof HpackError)) throw error
      this.#decoder = undefined
      return undefined
    }
  }
}
