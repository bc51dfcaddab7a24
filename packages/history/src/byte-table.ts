const PAGE_BYTES = 1 << 20
/** The first page; each is four times as large as the one before, up to PAGE_BYTES, so that a small table costs little. */
const FIRST_PAGE_BYTES = 1 << 10
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
const encoder = new TextEncoder()

/** FNV-1a: `hash = Math.imul(hash ^ byte, HASH_FACTOR)` for each byte, beginning with HASH_START. */
export const HASH_START = 0x811c9dc5
export const HASH_FACTOR = 0x01000193

const SCRATCH_BYTES = 256
const scratch = new Uint8Array(SCRATCH_BYTES)

/**
 * Numbers distinct byte strings 0, 1, 2, … in the order they first appear. The bytes are kept in pages outside the
 * garbage-collected heap: a million short strings cost some 30 bytes each beyond their text, a third of what a Map of
 * strings takes, and looking one up makes no object.
 */
export class ByteTable {
  #length = 0
  /** Open addressing; 0 is empty, otherwise entry + 1. Never more than half full. */
  #slots: Int32Array = new Int32Array(64)
  #hashes: Int32Array = new Int32Array(32)
  #pageOf: Int32Array = new Int32Array(32)
  #startOf: Int32Array = new Int32Array(32)
  #sizeOf: Int32Array = new Int32Array(32)
  readonly #pages: Uint8Array[] = []
  #pageBytes = 0
  #pageUsed = 0

  get length(): number {
    return this.#length
  }

  /** The number of bytes[start, end). */
  intern(bytes: Uint8Array, start: number, end: number): number {
    let hash = HASH_START
    for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), HASH_FACTOR)
    return this.internHashed(hash, bytes, start, end)
  }

  /** The same for who has gone through the bytes already: `hash` is HASH_START with each byte mixed in. */
  internHashed(mixed: number, bytes: Uint8Array, start: number, end: number): number {
    const hash = mixed ^ (mixed >>> 15)
    const mask = this.#slots.length - 1
    let slot = hash & mask
    for (;;) {
      const entry = (this.#slots[slot] ?? 0) - 1
      if (entry < 0) break
      if (this.#hashes[entry] === hash && this.#equals(entry, bytes, start, end)) return entry
      slot = (slot + 1) & mask
    }
    return this.#add(hash, slot, bytes, start, end)
  }

  internText(text: string): number {
    const size = text.length
    // Nearly every text is short and ASCII; making a byte array for each would cost more than looking it up.
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

  text(entry: number): string {
    if (entry < 0 || entry >= this.#length) throw new RangeError(`no entry ${entry} among ${this.#length}`)
    const start = this.#startOf[entry] ?? 0
    return decoder.decode(this.#page(entry).subarray(start, start + (this.#sizeOf[entry] ?? 0)))
  }

  texts(): string[] {
    return Array.from({ length: this.#length }, (_, entry) => this.text(entry))
  }

  #page(entry: number): Uint8Array {
    return this.#pages[this.#pageOf[entry] ?? 0] ?? new Uint8Array(0)
  }

  #equals(entry: number, bytes: Uint8Array, start: number, end: number): boolean {
    const size = end - start
    if (this.#sizeOf[entry] !== size) return false
    const page = this.#page(entry)
    const offset = this.#startOf[entry] ?? 0
    for (let i = 0; i < size; i += 1) if (page[offset + i] !== bytes[start + i]) return false
    return true
  }

  #add(hash: number, slot: number, bytes: Uint8Array, start: number, end: number): number {
    const entry = this.#length
    if (entry === this.#hashes.length) this.#growEntries()
    const size = end - start
    if (this.#pageUsed + size > this.#pageBytes) {
      // A text longer than a page gets one to itself; the rest of the page before is left unused.
      const usual = Math.min(PAGE_BYTES, FIRST_PAGE_BYTES * 4 ** this.#pages.length)
      this.#pageBytes = Math.max(usual, size)
      this.#pages.push(new Uint8Array(this.#pageBytes))
      this.#pageUsed = 0
    }
    const page = this.#pages[this.#pages.length - 1]
    const offset = this.#pageUsed
    if (size < 64 && page !== undefined) for (let i = 0; i < size; i += 1) page[offset + i] = bytes[start + i] ?? 0
    else page?.set(bytes.subarray(start, end), offset)
    this.#pageUsed = offset + size
    this.#hashes[entry] = hash
    this.#pageOf[entry] = this.#pages.length - 1
    this.#startOf[entry] = offset
    this.#sizeOf[entry] = size
    this.#slots[slot] = entry + 1
    this.#length = entry + 1
    if (this.#length * 2 > this.#slots.length) this.#growSlots()
    return entry
  }

  #growEntries(): void {
    this.#hashes = grown(this.#hashes)
    this.#pageOf = grown(this.#pageOf)
    this.#startOf = grown(this.#startOf)
    this.#sizeOf = grown(this.#sizeOf)
  }

  #growSlots(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    const mask = slots.length - 1
    for (let entry = 0; entry < this.#length; entry += 1) {
      let slot = (this.#hashes[entry] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry + 1
    }
    this.#slots = slots
  }
}

function grown(column: Int32Array): Int32Array {
  const larger = new Int32Array(column.length * 2)
  larger.set(column)
  return larger
}
