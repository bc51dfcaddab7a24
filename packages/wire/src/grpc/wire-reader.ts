/** The bytes are not a Protocol Buffers message of the expected type. */
export class WireError extends Error {
  override readonly name = 'WireError'
}

/** Wire types (https://protobuf.dev/programming-guides/encoding/#structure). */
export const WIRE = { varint: 0, fixed64: 1, bytes: 2, groupStart: 3, groupEnd: 4, fixed32: 5 } as const

const LONGEST_VARINT_BYTES = 10
const MOST_NESTED_GROUPS = 100

export class WireReader {
  readonly #bytes: Buffer
  #at = 0
  number = 0
  wireType = 0
  /** The halves of the last integer, both unsigned. */
  low = 0
  high = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  /** Moves to the next field, if there is one. @throws WireError */
  nextField(): boolean {
    if (this.atEnd) return false
    this.varint()
    this.wireType = this.low & 7
    this.number = this.low >>> 3
    if (this.high !== 0 || this.number === 0) throw new WireError(`there is no field ${this.number}`)
    return true
  }

  /** Reads an integer of seven bits per byte, lowest bits first, into `low` and `high`. @throws WireError */
  varint(): void {
    let low = 0
    let high = 0
    for (let i = 0; i < LONGEST_VARINT_BYTES; i++) {
      const byte = this.#bytes[this.#at]
      if (byte === undefined) throw new WireError('the message ends in the middle of an integer')
      this.#at++
      const bits = byte & 0x7f
      // The fifth byte (`i` is 4) holds the highest bits of `low` and the lowest bits of `high`.
      if (i < 5) low |= bits << (7 * i)
      if (i === 4) high = bits >>> 4
      else if (i > 4) high |= bits << (7 * i - 32)
      if (byte < 0x80) {
        this.low = low >>> 0
        this.high = high >>> 0
        return
      }
    }
    throw new WireError('an integer is too long')
  }

  fixed32(): void {
    this.low = this.take(4).readUInt32LE()
    this.high = 0
  }

  fixed64(): void {
    const bytes = this.take(8)
    this.low = bytes.readUInt32LE()
    this.high = bytes.readUInt32LE(4)
  }

  /** Reads a string, bytes, a message or packed scalars. */
  lengthDelimited(): Buffer {
    this.varint()
    if (this.high !== 0) throw new WireError('a field is longer than its message')
    return this.take(this.low)
  }

  take(length: number): Buffer {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new WireError('a field is longer than its message')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  skip(nested = 0): void {
    const { number } = this
    switch (this.wireType) {
      case WIRE.varint:
        this.varint()
        return
      case WIRE.fixed64:
        this.take(8)
        return
      case WIRE.bytes:
        this.lengthDelimited()
        return
      case WIRE.fixed32:
        this.take(4)
        return
      case WIRE.groupStart:
        if (nested === MOST_NESTED_GROUPS) throw new WireError('groups are nested too deeply')
        this.#skipGroup(number, nested + 1)
        return
      default:
        throw new WireError(`there is no wire type ${this.wireType}`)
    }
  }
  #skipGroup(number: number, nested: number): void {
    while (this.nextField()) {
      if (this.wireType !== WIRE.groupEnd) {
        this.skip(nested)
        continue
      }
      if (this.number !== number) break
      return
    }
    throw new WireError('a group does not end')
  }
}
