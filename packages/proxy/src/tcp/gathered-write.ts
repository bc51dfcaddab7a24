import { flushInTurn, gathersWrites, keepMemory } from './turn.ts'

const LARGEST_BYTES = 16 * 1024

/** Gathers the bytes for one socket until the end of the turn. */
export class GatheredWrite {
  /** Writes bytes. Returns false if the write still needs their memory. */
  readonly #write: (bytes: Buffer) => boolean
  #bytes: Buffer | undefined

  constructor(write: (bytes: Buffer) => boolean) {
    this.#write = write
  }

  /** Takes bytes that stay unchanged during the turn; false if they must be written immediately. */
  take(bytes: Buffer): boolean {
    if (!gathersWrites()) return false
    if (this.#bytes === undefined) {
      this.#bytes = bytes
      flushInTurn(this)
      return true
    }
    if (this.#bytes.length + bytes.length > LARGEST_BYTES) return false
    this.#bytes = Buffer.concat([this.#bytes, bytes])
    return true
  }

  /** Writes the gathered bytes. Must be called before anything else is sent. */
  writeNow(): void {
    if (this.#bytes !== undefined && !this.flush()) keepMemory()
  }

  /** Writes the gathered bytes. Returns false if their memory is still needed. */
  flush(): boolean {
    const bytes = this.#bytes
    this.#bytes = undefined
    return bytes === undefined || this.#write(bytes)
  }
}
