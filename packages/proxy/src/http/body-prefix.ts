import { decoded } from '@chaosproxy/wire/http'

/** The bytes at a body's start that are searched. */
const SEARCHED_BYTES = 64 * 1024

/** A larger prefix, decompressed, is not searched. */
const MOST_DECODED_BYTES = 16 * 1024 * 1024

/** The start of a request's body, to be searched for a text. */
export class BodyPrefix {
  #parts: Buffer[] = []
  #bytes = 0

  start(): void {
    this.#parts = []
    this.#bytes = 0
  }

  add(bytes: Buffer, start: number, end: number): void {
    const length = Math.min(end - start, SEARCHED_BYTES - this.#bytes)
    if (length === 0) return
    this.#parts.push(Buffer.from(bytes.subarray(start, start + length)))
    this.#bytes += length
  }

  get isFull(): boolean {
    return this.#bytes === SEARCHED_BYTES
  }

  /** Returns the decompressed bytes, if possible. */
  content(contentEncoding: string | undefined): Buffer | undefined {
    return decoded(Buffer.concat(this.#parts), contentEncoding, { most: MOST_DECODED_BYTES, isCut: this.isFull })
  }
}
