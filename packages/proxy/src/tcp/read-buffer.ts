const SHARED_BYTES = 16 * 1024
const LARGEST_BYTES = 512 * 1024
const GROWTH = 4

/** What all sockets read into that have not read much yet. */
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES)

/**
 * Memory that one socket reads into, again and again. Starts with what it shares with others, because most connections
 * are idle, and grows while reads fill it, because the number of reads is what bulk costs. Memory that a socket is still
 * writing from is lent, and used again once it is back: large fresh buffers cost more than copying them would.
 */
export class ReadBuffer {
  #current: Buffer = shared
  #lent: Buffer | undefined
  #spare: Buffer | undefined

  /** What the next read is to fill. */
  get current(): Buffer {
    return this.#current
  }

  /** The next socket reads into it, too: what was read has to be copied at once. */
  get isShared(): boolean {
    return this.#current === shared
  }

  /** Whoever wrote from this memory has written all of it. */
  reclaim(): void {
    if (this.#lent === undefined) return
    this.#spare = this.#lent
    this.#lent = undefined
  }

  /** After a read that nobody holds on to. */
  reuse(filledBytes: number): void {
    if (filledBytes === this.#current.length && filledBytes < LARGEST_BYTES) this.#replace(filledBytes)
  }

  /** After a read whose memory comes back with `reclaim`. */
  lend(filledBytes: number): void {
    this.#lent = this.#current
    this.#replace(filledBytes)
  }

  /** After a read whose memory is gone for good. */
  give(filledBytes: number): void {
    this.#replace(filledBytes)
  }

  #replace(filledBytes: number): void {
    const sizeBytes = this.#current.length
    const wantedBytes = filledBytes === sizeBytes ? Math.min(LARGEST_BYTES, sizeBytes * GROWTH) : sizeBytes
    this.#current = this.#spare?.length === wantedBytes ? this.#spare : Buffer.allocUnsafeSlow(wantedBytes)
    this.#spare = undefined
  }
}
