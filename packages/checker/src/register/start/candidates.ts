import type { Json } from '@chaosproxy/history'
import { APPEND, CAS, DIFFERS, type Encoded, NEVER, NOTHING, READ, WRITE } from '../../encoding/encoded.ts'
import { appendText } from '../replay/appends.ts'

export interface Starts {
  /** The operations of the key, once for each initial value worth trying, the likeliest first. */
  readonly alternatives: readonly [Encoded, ...Encoded[]]
  /** The operation whose return rules out all other initial values, or -1. */
  readonly since: number
  /** Whether the alternatives include every initial value that can matter. */
  readonly isComplete: boolean
}

/** The maximum number of initial values tried per key. Most keys have one or two. */
const MOST_TRIED = 48

/**
 * Finds the possible initial values of a key, for linearizability. Expects the operations of one key, compact (see
 * `compact`), with an unknown initial value (see `Encoded.anyStart`).
 *
 * A value must be the initial one if a read returned it before any write of it was called. Otherwise the initial value
 * may be a value that no operation mentions. It may also be the result of a read that was called before the first
 * acknowledged write returned, because this read may have come before every write.
 */
export function startsOf(part: Encoded, jsonOf: (name: number) => Json): Starts {
  if (part.hasAppend) return textStarts(part, jsonOf)
  const certain = certainStart(part)
  if (certain !== undefined) {
    const start = startingAs(part, part.expects[certain])
    return { alternatives: [start], since: certain, isComplete: true }
  }
  const values = [part.initial, ...observedBefore(part, firstAcknowledged(part))]
  const [first, ...others] = values.slice(0, MOST_TRIED).map((value) => startingAs(part, value))
  return { alternatives: [first, ...others], since: -1, isComplete: values.length <= MOST_TRIED }
}

const startingAs = (part: Encoded, initial: number): Encoded => ({ ...part, initial, anyStart: false })

/**
 * Finds an operation that observed a value and returned before any write of this value was called. Of several such
 * operations, chooses the one whose return is the earliest.
 */
function certainStart({ length, expects, writes, calls, returns, values, kind }: Encoded): number | undefined {
  const written = new Int32Array(values).fill(NEVER)
  for (let i = length - 1; i >= 0; i--) if (writes[i] !== NOTHING) written[writes[i]] = calls[i]
  let first: number | undefined
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER || (kind[i] !== READ && kind[i] !== CAS)) continue
    if (written[expects[i]] < returns[i]) continue
    if (first === undefined || returns[i] < returns[first]) first = i
  }
  return first
}

function firstAcknowledged({ length, writes, returns }: Encoded): number {
  let first = NEVER
  for (let i = 0; i < length; i++) if (writes[i] !== NOTHING && returns[i] < first) first = returns[i]
  return first
}

/** Returns the values that operations read or expected to replace. Only operations called before `event` count. */
function observedBefore({ length, kind, expects, calls, initial }: Encoded, event: number): readonly number[] {
  const observed = new Set<number>()
  for (let i = 0; i < length && calls[i] < event; i++) {
    if (expects[i] !== NOTHING && kind[i] !== DIFFERS && expects[i] !== initial) observed.add(expects[i])
  }
  return [...observed]
}

/**
 * Finds the possible initial values of a text with appends: the beginnings of texts that may have been read before the
 * first put. Without puts, every text begins with the initial text, so the beginnings of the shortest one suffice.
 */
function textStarts(part: Encoded, jsonOf: (name: number) => Json): Starts {
  const overwritten = firstOverwritten(part)
  const readings = observedBefore(part, overwritten).map((value) => ({ value, json: jsonOf(part.names[value]) }))
  const isOnlyAppended = !part.kind.includes(WRITE) && !part.kind.includes(CAS)
  const shortest = readings.toSorted((a, b) => appendText(a.json).length - appendText(b.json).length).slice(0, 1)
  const rest = rests(part, jsonOf)
  const ids = new Set<number>([part.table.id('')])
  for (const { value, json } of isOnlyAppended ? shortest : readings) {
    ids.add(part.names[value])
    const text = appendText(json)
    for (const end of rest(text)) if (ids.size <= MOST_TRIED) ids.add(part.table.id(text.slice(0, end)))
  }
  const [first, ...others] = [...ids].slice(0, MOST_TRIED).map((id) => startingAsId(part, id))
  // Without puts, every text begins with the initial text. So each read may rule out initial values, even the last one.
  // Only after the last return is it certain which values are ruled out.
  const since = isOnlyAppended ? lastReturned(part) : -1
  return { alternatives: [first, ...others, startingAs(part, part.initial)], since, isComplete: ids.size <= MOST_TRIED }
}

function lastReturned({ length, returns }: Encoded): number {
  let last = -1
  for (let i = 0; i < length; i++) {
    if (returns[i] !== NEVER && (last === -1 || returns[i] > returns[last])) last = i
  }
  return last
}

function firstOverwritten({ length, kind, writes, returns }: Encoded): number {
  let first = NEVER
  for (let i = 0; i < length; i++) {
    if (writes[i] !== NOTHING && kind[i] !== APPEND && returns[i] < first) first = returns[i]
  }
  return first
}

/**
 * Returns a function that finds each position in a text from which the rest of the text is a sequence of appended
 * pieces.
 */
export function rests(part: Encoded, jsonOf: (name: number) => Json): (text: string) => readonly number[] {
  const pieces = new Set<string>()
  for (let i = 0; i < part.length; i++) {
    if (part.kind[i] === APPEND) pieces.add(appendText(jsonOf(part.names[part.writes[i]])))
  }
  pieces.delete('')
  const sizes = new Set(Array.from(pieces, ({ length }) => length))
  return (text) => {
    const isRest = new Uint8Array(text.length + 1)
    isRest[text.length] = 1
    const cuts: number[] = []
    for (let at = text.length - 1; at >= 0; at--) {
      for (const size of sizes) {
        if (isRest[at + size] !== 1 || !pieces.has(text.slice(at, at + size))) continue
        isRest[at] = 1
        cuts.push(at)
        break
      }
    }
    return cuts
  }
}

/** Sets the initial value of a part. The history need not mention this value. */
function startingAsId(part: Encoded, id: number): Encoded {
  const known = part.names.indexOf(id)
  if (known !== -1) return startingAs(part, known)
  const names = new Int32Array(part.names.length + 1)
  names.set(part.names)
  names[part.names.length] = id
  return { ...startingAs(part, part.names.length), names, values: names.length }
}
