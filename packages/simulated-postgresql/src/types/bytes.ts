import { SqlError } from '../sql/error.ts'

/** Reads the binary form of a value. Throws 08P01 if bytes are missing. */
export class ByteReader {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  #take(count: number): number {
    const at = this.#at
    if (count < 0 || at + count > this.#bytes.length) {
      throw new SqlError('08P01', 'insufficient data left in message')
    }
    this.#at = at + count
    return at
  }

  int8(): number {
    return this.#view.getInt8(this.#take(1))
  }

  int16(): number {
    return this.#view.getInt16(this.#take(2))
  }

  uint16(): number {
    return this.#view.getUint16(this.#take(2))
  }

  int32(): number {
    return this.#view.getInt32(this.#take(4))
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4))
  }

  int64(): bigint {
    return this.#view.getBigInt64(this.#take(8))
  }

  float32(): number {
    return this.#view.getFloat32(this.#take(4))
  }

  float64(): number {
    return this.#view.getFloat64(this.#take(8))
  }

  rest(): Uint8Array {
    const from = this.#at
    this.#at = this.#bytes.length
    return this.#bytes.subarray(from)
  }

  bytes(count: number): Uint8Array {
    const from = this.#take(count)
    return this.#bytes.subarray(from, from + count)
  }

  /** Reads one element of an array: its length, and then as many bytes. Returns null if the length is -1. */
  sized(): Uint8Array | null {
    const length = this.int32()
    if (length === -1) return null
    // array_recv checks the length itself, with another error code than pqformat.c.
    if (length < 0 || length > this.#bytes.length - this.#at)
      throw new SqlError('22P03', 'insufficient data left in message')
    return this.bytes(length)
  }

  /** Throws 22P03 if bytes are left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new SqlError('22P03', 'incorrect binary data format')
  }
}

export class ByteWriter {
  #bytes = new Uint8Array(64)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  #reserve(count: number): number {
    const at = this.#length
    this.#length = at + count
    if (this.#length > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2))
      grown.set(this.#bytes)
      this.#bytes = grown
      this.#view = new DataView(grown.buffer)
    }
    return at
  }

  int16(value: number): void {
    const at = this.#reserve(2)
    this.#view.setInt16(at, value)
  }

  int32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setInt32(at, value)
  }

  int64(value: bigint): void {
    const at = this.#reserve(8)
    this.#view.setBigInt64(at, value)
  }

  float32(value: number): void {
    const at = this.#reserve(4)
    this.#view.setFloat32(at, value)
  }

  float64(value: number): void {
    const at = this.#reserve(8)
    this.#view.setFloat64(at, value)
  }

  raw(bytes: Uint8Array): void {
    const at = this.#reserve(bytes.length)
    this.#bytes.set(bytes, at)
  }

  sized(bytes: Uint8Array | null): void {
    this.int32(bytes === null ? -1 : bytes.length)
    if (bytes !== null) this.raw(bytes)
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }
}
