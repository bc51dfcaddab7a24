/** What waits in one direction of a connection: bytes as they arrived, or how the stream ended. */
export interface Waiting {
  readonly content: Buffer | 'end' | 'reset'
  /** Bytes of the content that have been delivered already. */
  offset: number
  readonly arrivedAtMs: number
}

/** Consumed entries are cut off only once there are this many, so that taking one costs constant time. */
const COMPACT_AT = 512

/** Memory that an entry takes beside its bytes, so that a stream of tiny chunks is bounded as well. */
const ENTRY_BYTES = 256

/** First in, first out, with its size in bytes. */
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

  /** What waits here costs this much memory, about. */
  get memoryBytes(): number {
    return this.#bytes + this.length * ENTRY_BYTES
  }

  push(content: Waiting['content'], arrivedAtMs: number): void {
    this.#entries.push({ content, offset: 0, arrivedAtMs })
    if (typeof content !== 'string') this.#bytes += content.length
  }

  /** An RST is the last thing to come, if it comes. */
  get endsInReset(): boolean {
    return this.#entries.at(-1)?.content === 'reset'
  }

  /** All that waits, the head first. */
  *[Symbol.iterator](): Generator<Waiting> {
    for (let i = this.#head; i < this.#entries.length; i++) {
      const waiting = this.#entries[i]
      if (waiting !== undefined) yield waiting
    }
  }

  head(): Waiting | undefined {
    return this.#entries[this.#head]
  }

  /** Takes the next bytes of the head, and the head itself with its last ones (or where it has none). */
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
