const SMALLEST_BYTES = 8 * 1024
const LARGEST_BYTES = 256 * 1024

/**
 * Memory that one socket reads into, again and again, for as long as each read is passed on at once. Starts small,
 * because most connections are idle, and grows while reads fill it, because the number of reads is what bulk costs.
 */
export class ReadBuffer {
  #current: Buffer = Buffer.allocUnsafeSlow(SMALLEST_BYTES)

  /** What the next read is to fill. */
  get current(): Buffer {
    return this.#current
  }

  /** After a read: `free` where nobody holds on to the memory it filled. */
  prepareNext(filledBytes: number, free: boolean): void {
    const sizeBytes = this.#current.length
    if (filledBytes === sizeBytes && sizeBytes < LARGEST_BYTES) {
      this.#current = Buffer.allocUnsafeSlow(sizeBytes * 4 > LARGEST_BYTES ? LARGEST_BYTES : sizeBytes * 4)
    } else if (!free) this.#current = Buffer.allocUnsafeSlow(sizeBytes)
  }
}
