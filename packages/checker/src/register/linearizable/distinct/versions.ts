import { areSame, endOf, int32Array, pageOf, QUOTE, startOf, uint8Array, ValueTable } from '@chaosproxy/history'
import { type Encoded, NEVER, READ, WRITE } from '../../../encoding/encoded.ts'
import { type Budget, lookAt } from '../../../limits/budget.ts'
import { type Chains, NONE } from './chains.ts'
import { type Conflict, MOST_CONFLICTS } from './conflict.ts'
import { createPieces, type Pieces } from './pieces.ts'

/**
 * The versions of strings. For a register with append, they take the place of the values in `Chains`. Each put and each
 * append produces a version. The text of a read identifies its version: a put and the appends that directly followed
 * it.
 */
export interface Versions extends Pick<Chains, 'value' | 'next' | 'follows'> {
  /** By key: 1 if the text of a read does not identify the operations that produced it (see `Pieces.isUnclear`). */
  readonly isUnclear: Uint8Array
  /** By key: 1 if some read returned a text that no order can produce. */
  readonly isImpossible: Uint8Array
  /** For each key in `isImpossible`: its first read of a text that no order can produce. */
  readonly conflicts: readonly Conflict[]
}

/**
 * Finds the versions of all keys together. Visits the operations in order of call, because their texts are stored
 * roughly in this order.
 *
 * @throws OutOfTime
 */
export function versionsOf(encoded: Encoded, budget: Budget): Versions {
  const { length, kind, key, keys, expects, writes, calls, returns, initial, values } = encoded
  const pieces = createPieces(encoded, budget)
  const { next, follows, begin, locate } = createTexts(encoded, pieces, budget)
  const value = int32Array(length).fill(NONE)
  const isImpossible = uint8Array(keys)
  const conflicts: Conflict[] = []
  const isRead = uint8Array(length + keys)
  // By value (a text): the version with this text that was found last. Equal texts on different keys are one value, so
  // the version may belong to another key than the read that looks it up.
  const known = int32Array(values).fill(NONE)
  for (let i = 0; i < length; i++) {
    lookAt(i, budget)
    const k = key[i]
    if (kind[i] === READ && isImpossible[k] === 0) {
      let version = expects[i] === initial ? length + k : known[expects[i]]
      if (version < length && (version === NONE || key[version] !== k)) {
        version = locate(expects[i], k)
        known[expects[i]] = version
      }
      if (version === NONE) {
        isImpossible[k] = 1
        if (conflicts.length < MOST_CONFLICTS) conflicts.push([calls[i]])
      } else isRead[version] = 1
      value[i] = version
    } else if (kind[i] === WRITE) {
      begin(i)
      // A read of exactly the put's text saw no append after the put. Such a read is found without a comparison of
      // texts.
      known[writes[i]] = i
    }
  }
  for (let i = 0; i < length; i++) {
    // Omits operations of unknown outcome whose effect no read shows.
    const isSeen = returns[i] !== NEVER || follows[i] === 1 || isRead[i] === 1 || next[i] !== NONE
    if (kind[i] !== READ && isSeen) value[i] = i
  }
  return { value, next, follows, isUnclear: pieces.isUnclear, isImpossible, conflicts }
}

interface Texts extends Pick<Chains, 'next' | 'follows'> {
  /**
   * Records the call of a put. `locate` compares a text with this put's text first, because the texts of most later
   * reads of the key begin with it.
   */
  readonly begin: (put: number) => void
  readonly locate: (value: number, k: number) => number
}

/** Bytes of text compared between two checks of the clock. */
const BYTES_BETWEEN_LOOKS = 262_144

function createTexts({ length, kind, key, keys, writes, names }: Encoded, pieces: Pieces, budget: Budget): Texts {
  const { texts } = pieces
  const next = int32Array(length + keys).fill(NONE)
  const follows = uint8Array(length + keys)
  // By version: the size of its text in bytes.
  const sizes = int32Array(length + keys)
  // Two columns, indexed by the first version of a chain. `lasts`: the last known version of the chain; NONE before the
  // chain begins. `entries`: the number of that version's text in `texts`.
  const lasts = int32Array(length + keys).fill(NONE)
  const entries = int32Array(length + keys)
  for (let head = length; head < lasts.length; head++) lasts[head] = head
  // By key: the chain that was begun or looked up last. A chain is a put, or the initial value, with the appends that
  // follow it. The number of a chain is its first version.
  const recent = int32Array(keys).fill(NONE)

  const begin = (put: number): void => {
    recent[key[put]] = put
    if (lasts[put] !== NONE) return
    lasts[put] = put
    entries[put] = ValueTable.placeOf(names[writes[put]])
    sizes[put] = pieces.sizeOf(put)
  }
  /** Reports whether the chain's known text begins with the given text, or the other way round. */
  const agrees = (head: number, bytes: Uint8Array, from: number, to: number): boolean => {
    const size = Math.min(sizes[lasts[head]], to - from)
    return areSame(pageOf(texts, entries[head]), startOf(texts, entries[head]) + 1, bytes, from, size)
  }
  const chainOf = (bytes: Uint8Array, from: number, to: number, k: number): number => {
    if (recent[k] !== NONE && agrees(recent[k], bytes, from, to)) return recent[k]
    const first = pieces.at(bytes, from, to, k)
    if (first === NONE) return NONE
    const head = kind[first] === WRITE ? first : length + k
    if (head === first) begin(first)
    recent[k] = head
    return agrees(head, bytes, from, to) ? head : NONE
  }
  /**
   * Adds appends to the chain until its text is the given text. Returns the version with this text, or NONE if no
   * appends produce the text.
   */
  const extend = (head: number, bytes: Uint8Array, from: number, to: number, k: number): number => {
    let last = lasts[head]
    while (sizes[last] < to - from) {
      const i = pieces.at(bytes, from + sizes[last], to, k)
      if (i === NONE || kind[i] === WRITE || follows[i] === 1) return NONE
      next[last] = i
      follows[i] = 1
      sizes[i] = sizes[last] + pieces.sizeOf(i)
      last = i
    }
    lasts[head] = last
    return last
  }
  /** Returns the version in the chain whose text has `size` bytes, or NONE. Takes at most `size` steps. */
  const ofSize = (head: number, size: number): number => {
    let version = head
    while (version !== NONE && sizes[version] < size) version = next[version]
    return version !== NONE && sizes[version] === size ? version : NONE
  }
  let sinceLook = 0
  const locate = (value: number, k: number): number => {
    const entry = ValueTable.placeOf(names[value])
    if (entry === NONE) return NONE
    const bytes = pageOf(texts, entry)
    const from = startOf(texts, entry) + 1
    const to = endOf(texts, entry) - 1
    if (bytes[from - 1] !== QUOTE || to === from) return NONE
    sinceLook += to - from
    if (sinceLook > BYTES_BETWEEN_LOOKS) {
      budget.look(sinceLook)
      sinceLook = 0
    }
    const head = chainOf(bytes, from, to, k)
    if (head === NONE) return NONE
    if (to - from <= sizes[lasts[head]]) return ofSize(head, to - from)
    const version = extend(head, bytes, from, to, k)
    entries[head] = entry
    return version
  }
  return { next, follows, begin, locate }
}
