/** FNV-1a: `hash = mixed(hash, byte)` for each byte, starting with HASH_START; then `finished`. */
export const HASH_START = 0x811c9dc5
const HASH_FACTOR = 0x01000193

export const mixed = (hash: number, byte: number): number => Math.imul(hash ^ byte, HASH_FACTOR)

/** Multiplication spreads bits only upwards. So this mixes high bits into the low bits, which select the slot. */
export const finished = (hash: number): number => hash ^ (hash >>> 15)

export const QUOTE = 0x22

/** The hash of the opening quote of a string's JSON text. */
export const HASH_OF_QUOTE: number = mixed(HASH_START, QUOTE)

/** The columns of an entry are adjacent: reading it touches one cache line. */
export const COLUMNS = 4
export const HASH = 0
export const START = 1
export const SIZE = 2
/** This column contains the number of the page, shifted left by FLAG_BITS, and the flags. */
export const PAGE = 3

export const NOT_ASCII = 1
export const HAS_BACKSLASH = 2
export const FLAG_BITS = 2

const NO_BYTES = new Uint8Array(0)

/** The texts of a table, to be compared without creating strings. */
export interface PlacedTexts {
  readonly entries: Int32Array
  readonly pages: readonly Uint8Array[]
  /** Hash table with open addressing: 0 is empty, otherwise entry + 1. Never more than half full. */
  readonly slots: Int32Array
}

/** Returns the page that contains a text. In the page, the text extends from `startOf` to `endOf`. */
export const pageOf = ({ entries, pages }: PlacedTexts, entry: number): Uint8Array =>
  pages[(entries[entry * COLUMNS + PAGE] ?? 0) >> FLAG_BITS] ?? NO_BYTES

export const startOf = ({ entries }: PlacedTexts, entry: number): number => entries[entry * COLUMNS + START] ?? 0

export const endOf = ({ entries }: PlacedTexts, entry: number): number =>
  (entries[entry * COLUMNS + START] ?? 0) + (entries[entry * COLUMNS + SIZE] ?? 0)

export const hasBackslash = ({ entries }: PlacedTexts, entry: number): boolean =>
  ((entries[entry * COLUMNS + PAGE] ?? 0) & HAS_BACKSLASH) !== 0

/**
 * Returns the entry whose text is bytes[from, to) between two quotes; -1 if there is none. `unfinished`: HASH_OF_QUOTE
 * with each of these bytes `mixed` in.
 */
export function quotedTextAt(
  texts: PlacedTexts,
  unfinished: number,
  bytes: Uint8Array,
  from: number,
  to: number,
): number {
  const { entries, slots } = texts
  const hash = finished(mixed(unfinished, QUOTE))
  const mask = slots.length - 1
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    const entry = (slots[slot] ?? 0) - 1
    if (entry < 0) return -1
    if (entries[entry * COLUMNS + HASH] !== hash || entries[entry * COLUMNS + SIZE] !== to - from + 2) continue
    if (areSame(pageOf(texts, entry), startOf(texts, entry) + 1, bytes, from, to - from)) return entry
  }
}

export function areSame(some: Uint8Array, from: number, others: Uint8Array, othersFrom: number, size: number): boolean {
  for (let i = 0; i < size; i += 1) if (some[from + i] !== others[othersFrom + i]) return false
  return true
}
