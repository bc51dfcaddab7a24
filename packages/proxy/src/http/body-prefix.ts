import { decoded } from '@chaosproxy/wire/http'

/** The number of bytes at the start of a body that are searched for a fault's text. */
const SEARCHED_BYTES = 64 * 1024

/** A prefix is not searched if it decompresses to more than this. */
const MOST_DECODED_BYTES = 16 * 1024 * 1024

/** The first bytes of a request's body, in which faults search for a text. */
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

  content(contentEncoding: string | undefined): Buffer | undefined {
    return decoded(Buffer.concat(this.#parts), contentEncoding, { most: MOST_DECODED_BYTES, isCut: this.isFull })
  }
}
