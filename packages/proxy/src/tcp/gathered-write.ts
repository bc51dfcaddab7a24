import { flushInTurn, gathersWrites, keepMemory } from './turn.ts'

/** Larger writes are not gathered. */
const LARGEST_BYTES = 16 * 1024

/** Bytes for one socket that wait for the end of the turn. */
export class GatheredWrite {
  /** Returns false if it still needs the memory. */
  readonly #write: (bytes: Buffer) => boolean
  #bytes: Buffer | undefined

  constructor(write: (bytes: Buffer) => boolean) {
    this.#write = write
  }

  /** Takes bytes that stay unchanged until the end of the turn. Returns false if they must be written now. */
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

  /** Call it before anything else is sent. */
  writeNow(): void {
    if (this.#bytes !== undefined && !this.flush()) keepMemory()
  }

  /** Returns false if the memory is still needed. */
  flush(): boolean {
    const bytes = this.#bytes
    this.#bytes = undefined
    return bytes === undefined || this.#write(bytes)
  }
}
