import { HpackError } from './hpack-error.ts'
import { decodeHuffman } from './huffman.ts'
import { type HpackField, STATIC_TABLE } from './static-table.ts'

/** The table's size until the peer changes it (RFC 9113 §6.5.2). */
const INITIAL_TABLE_BYTES = 4096
/** The table takes memory for every connection. Usual sizes are 4 to 64 KiB. */
const MOST_TABLE_BYTES = 1024 * 1024
/** An entry's overhead in the table's size (RFC 7541 §4.1). */
const ENTRY_BYTES = 32
/** A few bytes may expand to many, so further fields are decoded but not kept. */
const MOST_KEPT_BYTES = 256 * 1024
const LONGEST_INTEGER_BYTES = 5

/**
 * The fields of a block by lower-case name. Equal names are joined into a list, or into one cookie (RFC 9113 §8.2.3).
 */
export type HpackFields = ReadonlyMap<string, string>

/** A field, and whether intermediaries must not compress it (RFC 7541 §6.2.3). */
export interface DecodedField {
  readonly field: HpackField
  readonly isNeverIndexed: boolean
}

/**
 * Decodes the header blocks of one side (RFC 7541). Blocks refer to earlier ones, so the decoder must get all from the
 * first on, and cannot be used after an error.
 */
export class HpackDecoder {
  /** The dynamic table, oldest entry first. */
  readonly #table: HpackField[] = []
  #tableBytes = 0
  #mostTableBytes = INITIAL_TABLE_BYTES
  #fields: HpackField[] = []
  #neverIndexed: number[] = []
  #tableSizes: number[] = []
  #isKept = true

  /** The last block's fields in order, unless there were too many. */
  get fields(): readonly DecodedField[] | undefined {
    if (!this.#isKept) return undefined
    return this.#fields.map((field, i) => ({ field, isNeverIndexed: this.#neverIndexed.includes(i) }))
  }

  get tableSizes(): readonly number[] {
    return this.#tableSizes
  }

  /** @throws HpackError */
  decode(block: Buffer): HpackFields {
    const reader = new BlockReader(block)
    const fields: Map<string, string> = new Map()
    let keptBytes = 0
    this.#fields = []
    this.#neverIndexed = []
    this.#tableSizes = []
    this.#isKept = true
    while (!reader.atEnd) {
      const field = this.#readField(reader)
      if (field === undefined) continue
      const [name, value] = field
      keptBytes += name.length + value.length
      if (keptBytes > MOST_KEPT_BYTES) {
        this.#isKept = false
        continue
      }
      this.#fields.push(field)
      const before = fields.get(name)
      fields.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ', '}${value}`)
    }
    return fields
  }

  /** Reads a field, or a table size update. */
  #readField(reader: BlockReader): HpackField | undefined {
    const first = reader.peek()
    if ((first & 0x80) !== 0) return this.#entry(reader.integer(7))
    if ((first & 0xe0) === 0x20) {
      const size = reader.integer(5)
      this.#resize(size)
      this.#tableSizes.push(size)
      return undefined
    }
    const isAdded = (first & 0x40) !== 0
    if ((first & 0xf0) === 0x10) this.#neverIndexed.push(this.#fields.length)
    const nameIndex = reader.integer(isAdded ? 6 : 4)
    const name = nameIndex === 0 ? reader.text() : this.#entry(nameIndex)[0]
    const field: HpackField = [name, reader.text()]
    if (isAdded) this.#add(field)
    return field
  }

  /** Dynamic entries follow the static ones, newest first (§2.3.3). */
  #entry(index: number): HpackField {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#table[this.#table.length - (index - STATIC_TABLE.length)]
    if (field === undefined) throw new HpackError(`there is no entry ${index}`)
    return field
  }

  /** A field larger than the table empties it, which is no error (§4.4). */
  #add(field: HpackField): void {
    this.#evictTo(this.#mostTableBytes - sizeOf(field))
    if (sizeOf(field) > this.#mostTableBytes) return
    this.#table.push(field)
    this.#tableBytes += sizeOf(field)
  }

  #resize(mostBytes: number): void {
    if (mostBytes > MOST_TABLE_BYTES) throw new HpackError(`a table of ${mostBytes} bytes is too large`)
    this.#mostTableBytes = mostBytes
    this.#evictTo(mostBytes)
  }

  #evictTo(bytes: number): void {
    while (this.#tableBytes > Math.max(0, bytes)) {
      const oldest = this.#table.shift()
      if (oldest === undefined) throw new TypeError(`the table counts ${this.#tableBytes} bytes, but has no entries`)
      this.#tableBytes -= sizeOf(oldest)
    }
  }
}

const sizeOf = ([name, value]: HpackField): number => name.length + value.length + ENTRY_BYTES

/** Reads the integers and strings of a block in order (§5). */
class BlockReader {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get atEnd(): boolean {
    return this.#at === this.#bytes.length
  }

  peek(): number {
    const byte = this.#bytes[this.#at]
    if (byte === undefined) throw new HpackError('the block ends in the middle of a field')
    return byte
  }

  /** Reads an integer: the low bits of a byte and, if they are all ones, the following bytes (§5.1). */
  integer(prefixBits: number): number {
    const full = 2 ** prefixBits - 1
    let value = this.#next() & full
    if (value < full) return value
    for (let i = 0; i < LONGEST_INTEGER_BYTES; i++) {
      const byte = this.#next()
      value += (byte & 0x7f) * 2 ** (7 * i)
      if ((byte & 0x80) === 0) return value
    }
    throw new HpackError('an integer is too long')
  }

  text(): string {
    const isHuffman = (this.peek() & 0x80) !== 0
    const length = this.integer(7)
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    if (bytes.length < length) throw new HpackError('the block ends in the middle of a text')
    this.#at += length
    return isHuffman ? decodeHuffman(bytes) : bytes.toString('latin1')
  }

  #next(): number {
    const byte = this.peek()
    this.#at++
    return byte
  }
}
