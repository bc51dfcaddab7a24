/** A queue entry: bytes as they arrived, or how the stream ended. */
export interface Waiting {
  readonly content: Buffer | 'end' | 'reset'
  readonly bytes: Buffer
  /** The number of bytes already delivered. */
  offset: number
  readonly arrivedAtMs: number
}

const COMPACT_AT = 512

/** The memory counted for an entry besides its content, so that many tiny chunks cannot fill the memory. */
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

  get memoryBytes(): number {
    return this.#bytes + this.length * ENTRY_BYTES
  }

  push(content: Waiting['content'], arrivedAtMs: number): void {
    this.#entries.push({ content, bytes: typeof content === 'string' ? NONE : content, offset: 0, arrivedAtMs })
    if (typeof content !== 'string') this.#bytes += content.length
  }

  get endsInReset(): boolean {
    return this.#entries.at(-1)?.content === 'reset'
  }

  *[Symbol.iterator](): Generator<Waiting> {
    for (let i = this.#head; i < this.#entries.length; i++) {
      const waiting = this.#entries[i]
      if (waiting !== undefined) yield waiting
    }
  }

  head(): Waiting | undefined {
    return this.#entries[this.#head]
  }

  /** Takes the next bytes of the first entry. Removes the entry once it is empty. */
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
