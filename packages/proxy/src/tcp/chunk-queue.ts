/** A queue entry: bytes as they arrived, or how the stream ended. */
export interface Waiting {
  readonly content: Buffer | 'end' | 'reset'
  readonly bytes: Buffer
  /** The number of the content's bytes that are already delivered. */
  offset: number
  readonly arrivedAtMs: number
}

/** Removed entries are cleared this many at a time, so that removing one takes constant time. */
const COMPACT_AT = 512

/**
 * Number of bytes counted for an entry in addition to its content, so that a stream of tiny chunks cannot fill the
 * memory.
 */
const ENTRY_BYTES = 256

const NONE = Buffer.alloc(0)

/** A FIFO queue that knows its size in bytes. */
export class ChunkQueue {
  #entries: (Waiting | undefined)[] = []
  #head = 0
  #bytes = 0

  get length(): number {
    return this.#entries.length - this.#head
  }

  get bytes(): number {
    return this.#bytes
  }

  /** The approximate number of bytes of memory that the waiting entries use. */
  get memoryBytes(): number {
    return this.#bytes + this.length * ENTRY_BYTES
  }

  push(content: Waiting['content'], arrivedAtMs: number): void {
    this.#entries.push({ content, bytes: typeof content === 'string' ? NONE : content, offset: 0, arrivedAtMs })
    if (typeof content !== 'string') this.#bytes += content.length
  }

  /** Whether a reset waits. A reset is always the last entry. */
  get endsInReset(): boolean {
    return this.#entries.at(-1)?.content === 'reset'
  }

  /** Yields all entries, the head first. */
  *[Symbol.iterator](): Generator<Waiting> {
    for (let i = this.#head; i < this.#entries.length; i++) {
      const waiting = this.#entries[i]
      if (waiting !== undefined) yield waiting
    }
  }

  head(): Waiting | undefined {
    return this.#entries[this.#head]
  }

  /** Takes the next bytes of the head. Removes the head once all its bytes are taken. */
  take(sizeBytes: number): Buffer | 'end' | 'reset' {
    const head = this.#entries[this.#head]
    if (head === undefined) throw new RangeError('nothing waits')
    const { content, offset } = head
    if (typeof content === 'string') {
      this.#shift()
      return content
    }
    this.#bytes -= sizeBytes
    head.offset += sizeBytes
    if (head.offset < content.length) return content.subarray(offset, head.offset)
    this.#shift()
    return offset === 0 ? content : content.subarray(offset)
  }

  clear(): void {
    this.#entries = []
    this.#head = 0
    this.#bytes = 0
  }

  #shift(): void {
    this.#entries[this.#head] = undefined
    this.#head++
    if (this.#head === this.#entries.length) {
      this.#entries.length = 0
      this.#head = 0
    } else if (this.#head >= COMPACT_AT && this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head)
      this.#head = 0
    }
  }
}
