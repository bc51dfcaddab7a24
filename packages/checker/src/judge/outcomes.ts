import { INFO, uint8Array } from '@chaosproxy/history'
import { CAS, type Encoded, NEVER, NOTHING, READ, WRITE } from '../encoding/encoded.ts'
import type { Report } from './report.ts'

export function countUnknown(outcomes: Uint8Array): number {
  if (!outcomes.includes(INFO)) return 0
  let total = 0
  for (let i = 0; i < outcomes.length; i++) if (outcomes[i] === INFO) total++
  return total
}

// Flags of a value. OBSERVED: a completed operation observed it. WRITTEN: an operation wrote it. REWRITTEN: several
// operations wrote it.
const OBSERVED = 1
const WRITTEN = 2
const REWRITTEN = 4

/** By kind: what an operation shows about its value. A cas, which concerns two values, is handled separately. */
const factOf = new Uint8Array(5)
factOf[READ] = OBSERVED
factOf[WRITE] = WRITTEN

/** Adds a fact. A value written a second time becomes REWRITTEN. */
const also = (facts: number, fact: number): number => facts | fact | ((facts & fact & WRITTEN) * (REWRITTEN / WRITTEN))

/**
 * Classifies the operations of unknown outcome. Such an operation happened if a completed operation observed its value
 * and no other operation wrote this value.
 */
export function settleUnknownOutcomes(encoded: Encoded, total: number): Report['info'] {
  // With append, a string does not show who wrote it, because different appends may result in the same string.
  if (encoded.hasAppend || total === 0) return { total, happened: 0, undecided: total }
  const { length, kind, writes, expects, returns } = encoded
  const unknown = unknownWrites(encoded)
  const { count, placeOf } = placesOf(encoded, unknown)
  const facts = uint8Array(count)
  const isInformative = encoded.anyStart ? sinceOverwritten(encoded) : undefined
  // Reads and writes alternate unpredictably, so the loop avoids a branch.
  for (let i = 0; i < length; i++) {
    if (kind[i] === CAS) {
      const written = placeOf(i, writes[i])
      facts[written] = also(facts[written], WRITTEN)
      if (returns[i] !== NEVER) facts[placeOf(i, expects[i])] |= OBSERVED
    } else {
      // One of the two values is NOTHING, whose bits are all 1. So `&` yields the other one.
      const place = placeOf(i, expects[i] & writes[i])
      if (isInformative?.(i) === false) continue
      facts[place] = also(facts[place], factOf[kind[i]])
    }
  }
  let happened = 0
  for (const i of unknown) if (facts[placeOf(i, writes[i])] === (OBSERVED | WRITTEN)) happened++
  return { total, happened, undecided: total - happened }
}

/**
 * Returns a function that is false for each read that may have returned the unknown initial value. Such a read began
 * before any write of its key had returned. The function is true for all other operations.
 */
function sinceOverwritten({ length, key, keys, kind, writes, calls, returns }: Encoded): (i: number) => boolean {
  const overwritten = new Int32Array(keys).fill(NEVER)
  for (let i = 0; i < length; i++) {
    if (writes[i] !== NOTHING && returns[i] < overwritten[key[i]]) overwritten[key[i]] = returns[i]
  }
  return (i) => kind[i] !== READ || calls[i] > overwritten[key[i]]
}

/** Returns the operations of unknown outcome that write a value other than the initial one. */
function unknownWrites({ length, writes, returns, initial }: Encoded): number[] {
  const unknown: number[] = []
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER && writes[i] !== NOTHING && writes[i] !== initial) unknown.push(i)
  }
  return unknown
}

/**
 * Assigns table places for the values of each key. If the table would be too long, all values that none of the
 * `writers` wrote share the first place.
 */
function placesOf(
  { length, keys, key, values, writes }: Encoded,
  writers: readonly number[],
): { readonly count: number; readonly placeOf: (operation: number, value: number) => number } {
  if (keys === 1) return { count: values, placeOf: (_, value) => value }
  const nameOf = (operation: number, value: number): number => key[operation] * values + value
  if (keys * values <= 4 * length + 1024) return { count: keys * values, placeOf: nameOf }
  const places = new Map<number, number>()
  for (const i of writers) {
    const name = nameOf(i, writes[i])
    if (!places.has(name)) places.set(name, places.size + 1)
  }
  return { count: places.size + 1, placeOf: (operation, value) => places.get(nameOf(operation, value)) ?? 0 }
}
