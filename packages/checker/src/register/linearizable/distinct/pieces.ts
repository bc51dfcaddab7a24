import {
  endOf,
  foundOrMade,
  HASH_OF_QUOTE,
  hasBackslash,
  int32Array,
  mixed,
  type PlacedTexts,
  pageOf,
  QUOTE,
  quotedTextAt,
  startOf,
  uint8Array,
  ValueTable,
} from '@chaosproxy/history'
import { type Encoded, NOTHING } from '../../../encoding/encoded.ts'
import { ascending } from '../../../encoding/lists.ts'
import { type Budget, lookAt } from '../../../limits/budget.ts'
import { NONE } from './chains.ts'

/**
 * An index of the written strings (pieces), for splitting a longer string into pieces. Strings are compared in their
 * stored form, which is JSON in UTF-8. Concatenating stored forms gives the stored form of the concatenation, unless
 * the two halves of a surrogate pair meet.
 */
export interface Pieces {
  readonly texts: PlacedTexts
  /** Returns the operation on `key` that wrote a prefix of bytes[from, to); NONE if there is no such operation. */
  readonly at: (bytes: Uint8Array, from: number, to: number, key: number) => number
  /** The number of bytes that operation `i` wrote, without the quotes. */
  readonly sizeOf: (i: number) => number
  /**
   * By key: 0 if the pieces written to the key are distinct and not empty, none is a prefix of another, and they do not
   * have too many sizes (see `MOST_SIZES`). Otherwise 1, and the results of `at` for this key are meaningless.
   */
  readonly isUnclear: Uint8Array
}

/**
 * The maximum number of different sizes of pieces on a key. With more sizes, it would take too long to find a piece.
 */
const MOST_SIZES = 64

/**
 * The entry in `terminators` of a key without a terminator. A terminator is a byte that ends every piece on the key and
 * occurs nowhere else in the pieces. JSON text never contains the byte 0, so 0 is never a terminator.
 */
const NO_TERMINATOR = 0

/** @throws OutOfTime */
export function createPieces(encoded: Encoded, budget: Budget): Pieces {
  const { length, key, keys, writes, names, table } = encoded
  const texts = table.placed()
  const isUnclear = uint8Array(keys)
  const writers = createWriters(encoded)
  // By key: a byte that ends all its pieces and occurs nowhere else in them. No piece is then a prefix of another.
  const terminators = uint8Array(keys)
  const isUnterminated = uint8Array(keys)
  for (let i = 0; i < length; i++) {
    lookAt(i, budget)
    if (writes[i] === NOTHING) continue
    const k = key[i]
    const entry = ValueTable.placeOf(names[writes[i]])
    if (!isPiece(texts, entry) || !writers.add(i, entry)) {
      isUnclear[k] = 1
      continue
    }
    const bytes = pageOf(texts, entry)
    const last = endOf(texts, entry) - 2
    if (terminators[k] === NO_TERMINATOR) terminators[k] = bytes[last]
    const terminator = terminators[k]
    let at = startOf(texts, entry) + 1
    while (at < last && bytes[at] !== terminator) at++
    if (at < last || bytes[last] !== terminator) isUnterminated[k] = 1
  }
  const sizeOf = (i: number): number => sizeIn(texts, ValueTable.placeOf(names[writes[i]]))
  const sizes = isUnterminated.includes(1) ? sizesByKey(encoded, isUnterminated, sizeOf) : NO_SIZES
  for (const k of sizes.keys()) terminators[k] = NO_TERMINATOR

  const at = (bytes: Uint8Array, from: number, to: number, k: number): number => {
    const terminator = terminators[k]
    let hash = HASH_OF_QUOTE
    let end = from
    if (terminator !== NO_TERMINATOR) {
      while (end < to) {
        const byte = bytes[end++]
        hash = mixed(hash, byte)
        if (byte === terminator) return writers.of(quotedTextAt(texts, hash, bytes, from, end), k)
      }
      return NONE
    }
    for (const size of sizes.get(k) ?? []) {
      if (size > to - from) break
      while (end < from + size) hash = mixed(hash, bytes[end++])
      const writer = writers.of(quotedTextAt(texts, hash, bytes, from, end), k)
      if (writer !== NONE) return writer
    }
    return NONE
  }
  for (const [k, some] of sizes) if (some.length > MOST_SIZES) isUnclear[k] = 1
  for (let i = 0; i < length && sizes.size > 0; i++) {
    budget.tick()
    if (writes[i] === NOTHING || isUnclear[key[i]] === 1 || !sizes.has(key[i])) continue
    const entry = ValueTable.placeOf(names[writes[i]])
    const start = startOf(texts, entry) + 1
    // The key is unclear if another piece of the key is a prefix of this piece. The text passed to `at` lacks this
    // piece's last byte, because `at` could otherwise return this piece itself.
    if (at(pageOf(texts, entry), start, start + sizeOf(i) - 1, key[i]) !== NONE) isUnclear[key[i]] = 1
  }
  return { texts, at, sizeOf, isUnclear }
}

/** Size of a string in bytes, without its quotes. */
const sizeIn = (texts: PlacedTexts, entry: number): number => endOf(texts, entry) - startOf(texts, entry) - 2

const NO_SIZES: ReadonlyMap<number, readonly number[]> = new Map()

/** Returns, for each key marked in `isWanted`, the different sizes of its pieces (the written strings), ascending. */
function sizesByKey(
  { length, key, writes }: Encoded,
  isWanted: Uint8Array,
  sizeOf: (i: number) => number,
): ReadonlyMap<number, readonly number[]> {
  const sets = new Map<number, Set<number>>()
  for (let i = 0; i < length; i++) {
    const k = key[i]
    if (writes[i] === NOTHING || isWanted[k] === 0) continue
    foundOrMade(sets, k, () => new Set()).add(sizeOf(i))
  }
  return new Map(Array.from(sets, ([k, sizes]) => [k, ascending(sizes)]))
}

interface Writers {
  readonly add: (i: number, entry: number) => boolean
  /** Returns the operation that wrote a text to key `k`; NONE if there is none. `entry` is the number of the text. */
  readonly of: (entry: number, k: number) => number
}

function createWriters({ key, keys, table }: Encoded): Writers {
  const byEntry = int32Array(table.size).fill(NONE)
  // `byEntry` holds the first operation that wrote a text. If operations on other keys wrote the same text, this map
  // holds them.
  const others = new Map<number, number>()
  return {
    add: (i, entry) => {
      const first = byEntry[entry]
      if (first === NONE) byEntry[entry] = i
      else if (key[first] === key[i] || others.has(entry * keys + key[i])) return false
      else others.set(entry * keys + key[i], i)
      return true
    },
    of: (entry, k) => {
      const first = entry === NONE ? NONE : byEntry[entry]
      return first === NONE || key[first] === k ? first : (others.get(entry * keys + k) ?? NONE)
    },
  }
}

const BACKSLASH = 0x5c
const LETTER_U = 0x75
const LETTER_D = 0x64

function isPiece(texts: PlacedTexts, entry: number): boolean {
  if (entry === NONE) return false
  const bytes = pageOf(texts, entry)
  const start = startOf(texts, entry)
  const end = endOf(texts, entry)
  if (bytes[start] !== QUOTE || end - start === 2) return false
  if (!hasBackslash(texts, entry)) return true
  for (let at = start; at < end; at++) {
    if (bytes[at] === BACKSLASH && bytes[at + 1] === LETTER_U && bytes[at + 2] === LETTER_D) return false
  }
  return true
}
