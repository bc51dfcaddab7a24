const SHARED_BYTES = 16 * 1024
const LARGEST_BYTES = 512 * 1024
const GROWTH = 4

/** Shared by all sockets that have not read much yet. */
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES)

/**
 * The buffer that one socket reads into again and again. It starts as the shared one, because most connections are
 * idle, and grows while reads fill it, because the number of reads dominates the cost of bulk transfer. A buffer that
 * another socket is still writing from is lent and reused once returned: allocating large buffers costs more than
 * copying them.
 */
export class ReadBuffer {
  #current: Buffer = shared
  #lent: Buffer | undefined
  #spare: Buffer | undefined

  get current(): Buffer {
    return this.#current
  }

  /** Whether other sockets read into it too, so that the bytes must be copied at once. */
  get isShared(): boolean {
    return this.#current === shared
  }

  /** The lent buffer has been written out completely. */
  reclaim(): void {
    if (this.#lent === undefined) return
    this.#spare = this.#lent
    this.#lent = undefined
  }

  /** After a read whose bytes nobody keeps. */
  reuse(filledBytes: number): void {
    if (filledBytes === this.#current.length && filledBytes < LARGEST_BYTES) this.#replace(filledBytes)
  }

  /** After a read whose buffer is returned with `reclaim`. */
  lend(filledBytes: number): void {
    this.#lent = this.#current
    this.#replace(filledBytes)
  }

  /** After a read whose buffer is not returned. */
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
