import { inHeap, type Memory } from './memory.ts'
import * as layout from './placed-texts.ts'
import { areSame, finished, mixed, type PlacedTexts } from './placed-texts.ts'

// Copied, because an imported constant is loaded at every use, which made reading 6% slower.
const { COLUMNS, FLAG_BITS, HAS_BACKSLASH, HASH, HASH_START, NOT_ASCII, PAGE, QUOTE, SIZE, START } = layout

const PAGE_BYTES = 1 << 20
/** Each page is four times as large as the one before, so small tables stay small. */
const FIRST_PAGE_BYTES = 1 << 10
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()
/** Decodes each byte as one character. Browsers lack Node's faster `latin1`. */
const singleBytes = new TextDecoder('windows-1252', { ignoreBOM: true })
const oneCharacterPerByte = (bytes: Uint8Array): string =>
  typeof Buffer === 'undefined'
    ? singleBytes.decode(bytes)
    : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1')

const ENTRIES_OF_A_BUFFER = 1 << 16

const SCRATCH_BYTES = 256
const scratch = new Uint8Array(SCRATCH_BYTES)

const NO_BYTES = new Uint8Array(0)
const BACKSLASH = 0x5c

/** A byte table as plain data. In shared memory, threads receive it without a copy. */
export interface ByteTableData extends PlacedTexts {
  readonly length: number
}

/**
 * Numbers distinct byte strings in order of first appearance. The bytes stay outside the garbage-collected heap: a
 * million short strings cost about 30 bytes each beyond their text, which is a third of the cost in a Map. A lookup
 * creates no object.
 */
export class ByteTable {
  #length = 0
  #slots: Int32Array
  #entries: Int32Array
  readonly #memory: Memory
  readonly #pages: Uint8Array[]
  #pageUsed: number
  #pageBytes = 0
  /** Whether another table may use this memory. It is then copied before anything is added. */
  #isLent: boolean
  /** The bytes of each page as a string of one character per byte. */
  readonly #pageTexts: string[] = []

  constructor(memory: Memory = inHeap, data?: ByteTableData) {
    this.#memory = memory
    this.#length = data?.length ?? 0
    this.#slots = data?.slots ?? memory.int32Array(64)
    this.#entries = data?.entries ?? memory.int32Array(32 * COLUMNS)
    this.#pages = [...(data?.pages ?? [])]
    this.#pageUsed = this.#pages.at(-1)?.length ?? 0
    this.#isLent = data !== undefined
  }

  get length(): number {
    return this.#length
  }

  /** The size of texts and tables. If a table must soon double, the new memory is included. */
  get sizeBytes(): number {
    const near = this.#length + ENTRIES_OF_A_BUFFER
    const entryBytes = this.#length * COLUMNS * Int32Array.BYTES_PER_ELEMENT
    const slotBytes = this.#slots.byteLength
    return (
      this.#pageBytes +
      (near * COLUMNS < this.#entries.length ? entryBytes : 2 * entryBytes) +
      (near * 2 < this.#slots.length ? slotBytes : 3 * slotBytes)
    )
  }

  /** Returns the content of the table. Later additions do not change the returned content. */
  data(): ByteTableData {
    this.#isLent = true
    this.#pageUsed = this.#pages.at(-1)?.length ?? 0
    return { length: this.#length, slots: this.#slots, entries: this.#entries, pages: [...this.#pages] }
  }

  /** Returns the current entries without a copy. Texts that are added later may be missing or misplaced in them. */
  placed(): PlacedTexts {
    return { entries: this.#entries, pages: this.#pages, slots: this.#slots }
  }

  /** Returns the index of the text at bytes[start, end) in this table. Adds the text if it is missing. */
  intern(bytes: Uint8Array, start: number, end: number): number {
    let hash = HASH_START
    for (let at = start; at < end; at += 1) hash = mixed(hash, bytes[at] ?? 0)
    return this.internHashed(hash, bytes, start, end)
  }

  /** Like `intern`, for bytes whose hash is known. `unfinished`: HASH_START with each byte mixed in. */
  internHashed(unfinished: number, bytes: Uint8Array, start: number, end: number): number {
    const hash = finished(unfinished)
    const slots = this.#slots
    const entries = this.#entries
    const mask = slots.length - 1
    let slot = hash & mask
    for (;;) {
      const entry = (slots[slot] ?? 0) - 1
      if (entry < 0) break
      if (entries[entry * COLUMNS + HASH] === hash && this.#equals(entry, bytes, start, end)) return entry
      slot = (slot + 1) & mask
    }
    return this.#add(hash, slot, bytes, start, end)
  }

  internText(text: string): number {
    const size = text.length
    // Short ASCII texts are written to a shared array, because a new array would cost more than `intern` itself. Long
    // or non-ASCII texts are encoded to a new array.
    if (size > SCRATCH_BYTES) return this.#internEncoded(text)
    for (let i = 0; i < size; i += 1) {
      const code = text.charCodeAt(i)
      if (code > 0x7f) return this.#internEncoded(text)
      scratch[i] = code
    }
    return this.intern(scratch, 0, size)
  }

  #internEncoded(text: string): number {
    const bytes = encoder.encode(text)
    return this.intern(bytes, 0, bytes.length)
  }

  /** In bytes. */
  lengthOf(entry: number): number {
    this.#expectEntry(entry)
    return this.#entries[entry * COLUMNS + SIZE] ?? 0
  }

  text(entry: number): string {
    this.#expectEntry(entry)
    const start = this.#entries[entry * COLUMNS + START] ?? 0
    return this.#slice(entry, start, start + (this.#entries[entry * COLUMNS + SIZE] ?? 0))
  }

  /** The text of an entry `"…"` without escapes. */
  unquoted(entry: number): string | undefined {
    this.#expectEntry(entry)
    const at = entry * COLUMNS
    if (((this.#entries[at + PAGE] ?? 0) & HAS_BACKSLASH) !== 0) return undefined
    const start = this.#entries[at + START] ?? 0
    if (this.#page(entry)[start] !== QUOTE) return undefined
    return this.#slice(entry, start + 1, start + (this.#entries[at + SIZE] ?? 0) - 1)
  }

  texts(): string[] {
    const texts: string[] = []
    for (let entry = 0; entry < this.#length; entry += 1) texts.push(this.text(entry))
    return texts
  }

  #expectEntry(entry: number): void {
    if (entry < 0 || entry >= this.#length) throw new RangeError(`no entry ${entry} among ${this.#length}`)
  }

  #slice(entry: number, start: number, end: number): string {
    const place = this.#entries[entry * COLUMNS + PAGE] ?? 0
    if ((place & NOT_ASCII) === 0) {
      const text = this.#pageText(place >> FLAG_BITS, end)
      if (text !== undefined) return text.slice(start, end)
    }
    return decoder.decode(this.#page(entry).subarray(start, end))
  }

  /**
   * Returns page `number` as a text of at least `end` characters. The texts of pages are cached. The last page still
   * grows, so its text is renewed only once the page has twice the size of the cached text. Until then, returns
   * undefined if the cached text is shorter than `end`.
   */
  #pageText(number: number, end: number): string | undefined {
    const known = this.#pageTexts[number] ?? ''
    if (end <= known.length) return known
    const isLast = number === this.#pages.length - 1
    const page = this.#pages[number]
    if (page === undefined || (isLast && this.#pageUsed < 2 * known.length)) return undefined
    const used = isLast ? this.#pageUsed : page.length
    const text = oneCharacterPerByte(page.subarray(0, used))
    this.#pageTexts[number] = text
    return text
  }

  #page(entry: number): Uint8Array {
    return this.#pages[(this.#entries[entry * COLUMNS + PAGE] ?? 0) >> FLAG_BITS] ?? NO_BYTES
  }

  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const size = end - start
    if (this.#entries[entry * COLUMNS + SIZE] !== size) return false
    return areSame(this.#page(entry), this.#entries[entry * COLUMNS + START] ?? 0, bytes, start, size)
  }

  #add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.#isLent) this.#takeBack()
    const entry = this.#length
    if ((entry + 1) * COLUMNS > this.#entries.length) this.#growEntries()
    const size = end - start
    const page = this.#pageWithRoom(size)
    const offset = this.#pageUsed
    let flags = 0
    for (let i = 0; i < size; i += 1) {
      const byte = bytes[start + i] ?? 0
      page[offset + i] = byte
      if (byte > 0x7f) flags |= NOT_ASCII
      else if (byte === BACKSLASH) flags |= HAS_BACKSLASH
    }
    this.#pageUsed = offset + size
    const at = entry * COLUMNS
    this.#entries[at + HASH] = hash
    this.#entries[at + START] = offset
    this.#entries[at + SIZE] = size
    this.#entries[at + PAGE] = ((this.#pages.length - 1) << FLAG_BITS) | flags
    this.#slots[slot] = entry + 1
    this.#length = entry + 1
    if (this.#length * 2 > this.#slots.length) this.#growSlots()
    return entry
  }

  #pageWithRoom(size: number): Uint8Array {
    const last = this.#pages[this.#pages.length - 1]
    if (last !== undefined && this.#pageUsed + size <= last.length) return last
    // A text that is longer than a usual page gets its own page.
    const usual = Math.min(PAGE_BYTES, FIRST_PAGE_BYTES * 4 ** this.#pages.length)
    const page = this.#memory.uint8Array(Math.max(usual, size))
    this.#pages.push(page)
    this.#pageBytes += page.length
    this.#pageUsed = 0
    return page
  }

  #takeBack(): void {
    this.#slots = this.#slots.slice()
    this.#entries = this.#entries.slice()
    this.#isLent = false
  }

  #growEntries(): void {
    const larger = this.#memory.int32Array(this.#entries.length * 2)
    larger.set(this.#entries)
    this.#entries = larger
  }

  #growSlots(): void {
    const slots = this.#memory.int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    const entries = this.#entries
    for (let entry = 0; entry < this.#length; entry += 1) {
      let slot = (entries[entry * COLUMNS + HASH] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry + 1
    }
    this.#slots = slots
  }
}

/** Maximum number of cached texts. Events usually repeat fewer texts. */
const MOST_KNOWN = 64

/** Returns the numbers of texts in a table. Caches the first texts, because nearly every event repeats one of them. */
export class KnownTexts {
  readonly #table: ByteTable
  readonly #numbers: Map<string, number> = new Map()

  constructor(table: ByteTable) {
    this.#table = table
  }

  numberOf(text: string): number {
    const known = this.#numbers.get(text)
    if (known !== undefined) return known
    const number = this.#table.internText(text)
    if (this.#numbers.size < MOST_KNOWN) this.#numbers.set(text, number)
    return number
  }
}
