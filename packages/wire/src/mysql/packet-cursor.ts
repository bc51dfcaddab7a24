import { MalformedMessage } from '../framing/malformed-message.ts'

export class PacketCursor {
  readonly #what: string
  readonly #bytes: Buffer
  #at: number

  /** @param what The packet's name, for errors. */
  constructor(what: string, bytes: Buffer, at: number) {
    this.#what = what
    this.#bytes = bytes
    this.#at = at
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  integer(bytes: 1 | 2 | 3 | 4 | 6): number {
    return this.#bytes.readUIntLE(this.#past(bytes), bytes)
  }

  bytes(count: number): Buffer {
    const start = this.#past(count)
    return this.#bytes.subarray(start, start + count)
  }

  rest(): Buffer {
    return this.bytes(this.#bytes.length - this.#at)
  }

  /** Reads the bytes up to the next zero byte, and skips this byte. */
  untilZero(): Buffer {
    const end = this.#bytes.indexOf(0, this.#at)
    if (end < 0) throw this.error('a text does not end with a zero byte')
    const found = this.#bytes.subarray(this.#at, end)
    this.#at = end + 1
    return found
  }

  number(): number | null {
    const first = this.integer(1)
    if (first < 0xfb) return first
    if (first === 0xfb) return null
    if (first === 0xfc) return this.integer(2)
    if (first === 0xfd) return this.integer(3)
    if (first === 0xff) throw this.error('255 begins no length')
    const low = this.integer(6)
    const high = this.integer(2)
    if (high > 0) throw this.error('a number exceeds 2^48')
    return low
  }

  /** Reads a length-encoded integer of up to 64 bits. Returns its decimal digits. */
  digits(): string {
    if (this.#bytes[this.#at] !== 0xfe) return String(this.number() ?? 0)
    this.#past(1)
    const low = BigInt(this.integer(4))
    return String((BigInt(this.integer(4)) << 32n) + low)
  }

  /** Reads the length of a value, and then as many bytes. Returns null for NULL. */
  value(): Buffer | null {
    const length = this.number()
    return length === null ? null : this.bytes(length)
  }

  error(why: string): MalformedMessage {
    return new MalformedMessage(`${this.#what}: ${why} (at byte ${this.#at} of ${this.#bytes.length})`)
  }

  #past(count: number): number {
    const start = this.#at
    if (start + count > this.#bytes.length) throw this.error('it breaks off')
    this.#at = start + count
    return start
  }
}
