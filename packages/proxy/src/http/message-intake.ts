/** What to do with the bytes of the message being read: pass them on, collect them, or drop them. */
export type Treatment = 'pass' | 'collect' | 'swallow'

/** Splits the bytes of one direction into messages. Bytes that are not held are passed on uncopied. */
export class MessageIntake {
  treatment: Treatment = 'pass'
  readonly #pass: (bytes: Buffer) => boolean
  #from = 0
  #free = true
  #collected: Buffer[] = []
  #collectedBytes = 0

  constructor(pass: (bytes: Buffer) => boolean) {
    this.#pass = pass
  }

  get from(): number {
    return this.#from
  }

  get collectedBytes(): number {
    return this.#collectedBytes
  }

  beginChunk(): void {
    this.#from = 0
    this.#free = true
  }

  /** Called when a chunk is completely handled. Returns whether its memory may be reused. */
  endChunk(): boolean {
    return this.#free
  }

  settle(bytes: Buffer, to: number): void {
    const from = this.#from
    if (to <= from) return
    this.#from = to
    if (this.treatment === 'swallow') return
    const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
    if (this.treatment === 'pass') this.#free = this.#pass(part) && this.#free
    else this.collect(Buffer.from(part))
  }

  skip(to: number): void {
    this.#from = to
  }

  /** Collects bytes of the message. The caller must not overwrite their memory. */
  collect(bytes: Buffer): void {
    this.#collected.push(bytes)
    this.#collectedBytes += bytes.length
  }

  takeCollected(): Buffer {
    const bytes = this.#collected.length === 1 ? this.#collected[0] : Buffer.concat(this.#collected)
    this.#collected = []
    this.#collectedBytes = 0
    return bytes ?? Buffer.alloc(0)
  }
}
