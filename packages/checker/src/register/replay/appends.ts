import type { Json } from '@chaosproxy/history'
import { APPEND, type Encoded, NOTHING } from '../../encoding/encoded.ts'
import { UNMENTIONED } from '../../encoding/unknown-start.ts'
import { firstWhere } from '../../search/halving.ts'

/**
 * Stands for every string that is not a prefix of any observed value. Appends cannot turn such a string into an
 * observed value, so no read and no successful cas is possible before the next write.
 */
export const DEAD = 0

/** The states of a register with append. They distinguish only prefixes of observed values. */
export interface AppendStates {
  readonly initial: number
  readonly startOf: (value: number) => number
  /**
   * By operation: the state that it observes (`expects`), and the state that it writes (`writes`); NOTHING for none.
   * For an append, `writes` holds the piece.
   */
  readonly expects: Int32Array
  readonly writes: Int32Array
  readonly append: (state: number, operation: number) => number
}

/** Returns a value as text for append: null as the empty string, other values as their JSON text. */
export function appendText(value: Json): string {
  if (typeof value === 'string') return value
  return value === null ? '' : JSON.stringify(value)
}

/**
 * Creates canonical states for a register with append. A string that is not a prefix of any observed value can satisfy
 * no observation before the next write, whatever is appended to it. All such strings are one state, DEAD. Any other
 * state is a position in the sorted list of observed values and a length, so that an append never builds a string. The
 * states are exact: no hash represents a string.
 */
export function createAppendStates(part: Encoded, jsonOf: (name: number) => Json): AppendStates {
  const json = (value: number): Json => jsonOf(part.names[value])
  const observed = new Set<string>()
  for (let i = 0; i < part.length; i++) {
    if (part.expects[i] === NOTHING) continue
    const value = json(part.expects[i])
    if (typeof value === 'string') observed.add(value)
  }
  const texts = [...observed].sort(byCodeUnit)
  // If a state is a string, `lengthOf` holds its length, and the observed texts that begin with it are `texts[firstOf]`
  // to `texts[endOf - 1]`. If a state is the encoded number of another value, `lengthOf` holds this number, and
  // `firstOf` and `endOf` are -1.
  const firstOf: number[] = [-1]
  const endOf: number[] = [-1]
  const lengthOf: number[] = [0]
  const addState = (first: number, end: number, length: number): number => {
    firstOf.push(first)
    endOf.push(end)
    lengthOf.push(length)
    return firstOf.length - 1
  }
  const prefixes = new Map<number, number>()
  // Appends `piece` to a string, and returns the state of the result. The string is given as a prefix: the first
  // `length` code units of each text from `first` up to, but not including, `end`.
  const extended = (first: number, end: number, length: number, piece: string): number => {
    const unitsAt = (text: number): string => texts[text].slice(length, length + piece.length)
    const from = firstWhere(first, end, (text) => unitsAt(text) >= piece)
    const to = firstWhere(from, end, (text) => unitsAt(text) > piece)
    if (from === to) return DEAD
    const key = from * 0x10000000 + length + piece.length
    const known = prefixes.get(key)
    if (known !== undefined) return known
    const made = addState(from, to, length + piece.length)
    prefixes.set(key, made)
    return made
  }
  const known = new Map<number, number>()
  const stateOf = (value: number): number => {
    if (value === NOTHING) return NOTHING
    const state = known.get(value)
    if (state !== undefined) return state
    const text = json(value)
    // A value that is not a string matches only itself.
    const made = typeof text === 'string' ? extended(0, texts.length, 0, text) : addState(-1, -1, value)
    known.set(value, made)
    return made
  }
  // A text that no operation mentions matches no observation.
  const startOf = (value: number): number => (part.names[value] === UNMENTIONED ? DEAD : stateOf(value))
  const appended = new Map<number, number>()
  return {
    initial: startOf(part.initial),
    startOf,
    expects: part.expects.map(stateOf),
    writes: part.writes.map((value, i) => (part.kind[i] === APPEND ? value : stateOf(value))),
    append: (state, operation) => {
      if (state === DEAD) return DEAD
      const value = part.writes[operation]
      const key = state * part.values + value
      const after = appended.get(key)
      if (after !== undefined) return after
      const piece = appendText(json(value))
      const made =
        firstOf[state] === -1
          ? extended(0, texts.length, 0, appendText(json(lengthOf[state])) + piece)
          : extended(firstOf[state], endOf[state], lengthOf[state], piece)
      appended.set(key, made)
      return made
    },
  }
}

const byCodeUnit = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
