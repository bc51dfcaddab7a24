import type { Json } from '@chaos/history'
import type { Budget } from '../budget.ts'
import { type Encoded, NOTHING } from '../encoded.ts'

/** The texts that were written to a string, each by one operation, such that a longer text can be read piece by piece. */
export interface Pieces {
  /** The operation that wrote the piece at this place of a text, -1 for none. */
  readonly at: (text: string, from: number) => number
  readonly lengthOf: (operation: number) => number
}

/** Pieces of more different lengths would take too long to find in a text. */
const MOST_SIZES = 64

/** Undefined where pieces repeat, are no strings, are empty, or where one begins another. */
export function distinctPieces(part: Encoded, jsonOf: (name: number) => Json, budget: Budget): Pieces | undefined {
  const { length, writes, names, values, initial } = part
  const texts: string[] = new Array(length).fill('')
  const seen = new Uint8Array(values)
  // Where all end in a character that they do not otherwise have, none begins another.
  let terminator = ''
  let terminated = true
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (writes[i] === NOTHING) continue
    if (seen[writes[i]] === 1 || writes[i] === initial) return undefined
    seen[writes[i]] = 1
    const piece = jsonOf(names[writes[i]])
    if (typeof piece !== 'string' || piece === '') return undefined
    if (terminator === '') terminator = piece.charAt(piece.length - 1)
    if (terminated && piece.indexOf(terminator) !== piece.length - 1) terminated = false
    texts[i] = piece
  }
  const find = finder(texts)
  const lengthOf = (operation: number): number => texts[operation].length
  if (terminated) {
    return { at: (text, from) => find(text, from, text.indexOf(terminator, from) + 1), lengthOf }
  }
  const sizes = [...new Set(texts.map((text) => text.length))].filter((size) => size > 0).sort((a, b) => a - b)
  if (sizes.length > MOST_SIZES) return undefined
  for (const piece of texts) {
    for (const size of sizes) if (size < piece.length && find(piece, 0, size) !== -1) return undefined
  }
  const at = (text: string, from: number): number => {
    for (const size of sizes) {
      const owner = from + size <= text.length ? find(text, from, from + size) : -1
      if (owner !== -1) return owner
    }
    return -1
  }
  return { at, lengthOf }
}

/**
 * Finds which of the texts, all distinct but for empty ones, stands at [from, to) of another text; -1 for none. A table of
 * numbers: a Map would want that piece cut out, and its hash, each time.
 */
function finder(texts: readonly string[]): (text: string, from: number, to: number) => number {
  const size = 2 ** Math.ceil(Math.log2(2 * texts.length + 2))
  const slots = new Int32Array(size)
  const slotOf = (text: string, from: number, to: number): number => {
    let hash = 0
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    return (hash ^ (hash >>> 15)) & (size - 1)
  }
  for (let i = 0; i < texts.length; i++) {
    if (texts[i] === '') continue
    let slot = slotOf(texts[i], 0, texts[i].length)
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1)
    slots[slot] = i + 1
  }
  return (text, from, to) => {
    for (let slot = slotOf(text, from, to); slots[slot] !== 0; slot = (slot + 1) & (size - 1)) {
      const piece = texts[slots[slot] - 1]
      if (piece.length === to - from && text.startsWith(piece, from)) return slots[slot] - 1
    }
    return -1
  }
}
