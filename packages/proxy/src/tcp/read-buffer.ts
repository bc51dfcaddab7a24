const SHARED_BYTES = 16 * 1024
const LARGEST_BYTES = 512 * 1024
const GROWTH = 4

/** The read buffer of all sockets that have not read much yet. */
const shared = Buffer.allocUnsafeSlow(SHARED_BYTES)

/**
 * The buffer into which a socket reads. Most connections are idle, so every socket begins with the same shared buffer.
 * When a read fills the socket's buffer, a larger buffer of its own replaces it, because fewer reads make bulk transfer
 * faster. While another socket still writes the bytes in the buffer, the buffer is set aside (`lend`), and this socket
 * reads into another one. Once the bytes are written, `reclaim` makes the lent buffer available again, because
 * allocating a large buffer costs more than copying it.
 */
export class ReadBuffer {
  #current: Buffer = shared
  #lent: Buffer | undefined
  #spare: Buffer | undefined

  get current(): Buffer {
    return this.#current
  }

  /** Whether other sockets read into this buffer too, so that bytes must be copied immediately. */
  get isShared(): boolean {
    return this.#current === shared
  }

  reclaim(): void {
    if (this.#lent === undefined) return
    this.#spare = this.#lent
    this.#lent = undefined
  }

  /** Called after a read whose bytes are not kept. */
  reuse(filledBytes: number): void {
    if (filledBytes === this.#current.length && filledBytes < LARGEST_BYTES) this.#replace(filledBytes)
  }

  /** Called after a read if another socket is still writing the bytes. `reclaim` makes the buffer available again. */
  lend(filledBytes: number): void {
    this.#lent = this.#current
    this.#replace(filledBytes)
  }

  /** Called after a read whose buffer cannot be reused. */
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
