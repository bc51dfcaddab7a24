/** Held messages may be as long as this. Longer ones pass unharmed, and are counted. */
const MAXIMUM_HELD_BYTES = 1024 * 1024

/** What becomes of the bytes of the message that is being read. */
export type Treatment = 'pass' | 'collect' | 'swallow'

/**
 * Keeps account of the bytes of one direction: what of the present chunk is dealt with, and what was collected of the
 * message. All that nobody wants held or lost goes on as it came, a chunk at a time, uncopied.
 */
export class MessageIntake {
  treatment: Treatment = 'pass'
  readonly #pass: (bytes: Buffer) => boolean
  /** Of the present chunk, what comes before is dealt with. */
  #from = 0
  #free = true
  #collected: Buffer[] = []
  #collectedBytes = 0

  constructor(pass: (bytes: Buffer) => boolean) {
    this.#pass = pass
  }

  /** The present chunk is dealt with up to here. */
  get from(): number {
    return this.#from
  }

  /** Too much of it came to be held any longer. */
  get isOversized(): boolean {
    return this.#collectedBytes > MAXIMUM_HELD_BYTES
  }

  beginChunk(): void {
    this.#from = 0
    this.#free = true
  }

  /** Whether the memory of the chunk is free again, all of it having been dealt with. */
  endChunk(): boolean {
    return this.#free
  }

  /** Deals with the chunk up to there, as the message's treatment has it. */
  settle(bytes: Buffer, to: number): void {
    const from = this.#from
    if (to <= from) return
    this.#from = to
    if (this.treatment === 'swallow') return
    const part = from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to)
    if (this.treatment === 'pass') this.#free = this.#pass(part) && this.#free
    else this.collect(Buffer.from(part))
  }

  /** Bytes of the chunk up to there were dealt with in another way. */
  skip(to: number): void {
    this.#from = to
  }

  /** Takes over bytes of the message that are in memory of their own. */
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
