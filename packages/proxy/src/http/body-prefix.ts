import { decoded } from '@chaosproxy/wire/http'

/** How much of a body is searched for a fault's text. */
const SEARCHED_BYTES = 64 * 1024

/** A prefix that decompresses to more than this is not searched. */
const MOST_DECODED_BYTES = 16 * 1024 * 1024

/** The first bytes of a request's body, which faults search for a text. */
export class BodyPrefix {
  #parts: Buffer[] = []
  #bytes = 0
  #isCut = false

  start(): void {
    this.#parts = []
    this.#bytes = 0
    this.#isCut = false
  }

  add(bytes: Buffer, start: number, end: number): void {
    const length = Math.min(end - start, SEARCHED_BYTES - this.#bytes)
    if (length < end - start) this.#isCut = true
    if (length === 0) return
    this.#parts.push(Buffer.from(bytes.subarray(start, start + length)))
    this.#bytes += length
  }

  get isFull(): boolean {
    return this.#bytes === SEARCHED_BYTES
  }

  /** The decompressed bytes; undefined if that is impossible. */
  content(contentEncoding: string | undefined): Buffer | undefined {
    const isCut = this.#isCut || this.isFull
    return decoded(Buffer.concat(this.#parts), contentEncoding, { most: MOST_DECODED_BYTES, isCut })
  }
}
