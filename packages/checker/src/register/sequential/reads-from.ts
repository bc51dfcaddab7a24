import { APPEND, CAS, DIFFERS, type Encoded, NEVER, NOTHING, restrict } from '../../encoding/encoded.ts'
import { type Budget, unlimited } from '../../limits/budget.ts'

/**
 * Values of `writerOf`: INITIAL for an operation that observes the initial value, NO_READ for an operation that
 * observes nothing.
 */
export const INITIAL = -1
export const NO_READ = -2

/** A history in which each observation's source is certain. No operation of it is optional. */
export interface ReadsFrom {
  readonly result: 'unique'
  readonly encoded: Encoded
  /** By operation: its index in the given history. */
  readonly indices: Int32Array
  /** The write that each operation observes; INITIAL or NO_READ. */
  readonly writerOf: Int32Array
}

/**
 * Finds each read's source, if no value was written twice to one key. A write of unknown outcome took effect if it was
 * observed, directly or through observed compare-and-sets. Others can be assumed not to have happened, since omitting
 * an unseen write breaks nothing.
 *
 * @throws OutOfTime
 */
export function readsFrom(
  encoded: Encoded,
  budget: Budget = unlimited,
): ReadsFrom | { readonly result: 'repeated values' } | { readonly result: 'thin air'; readonly read: number } {
  const { length, kind, expects, writes, key, returns, values, initial } = encoded
  const writers = new Map<number, number>()
  let repeated = false
  let anyDiffers = false
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (kind[i] === APPEND) return { result: 'repeated values' }
    if (kind[i] === DIFFERS) anyDiffers = true
    if (writes[i] === NOTHING) continue
    const name = key[i] * values + writes[i]
    if (writers.has(name) || writes[i] === initial) repeated = true
    else writers.set(name, i)
  }
  const needed = new Uint8Array(length)
  const waiting: number[] = []
  for (let i = 0; i < length; i++) {
    if (returns[i] === NEVER) continue
    needed[i] = 1
    if (expects[i] !== NOTHING && kind[i] !== DIFFERS) waiting.push(i)
  }
  for (let reader = waiting.pop(); reader !== undefined; reader = waiting.pop()) {
    budget.tick()
    if (expects[reader] === initial) continue
    const writer = writers.get(key[reader] * values + expects[reader])
    if (writer === undefined) {
      // No operation wrote the value that `reader` observed. If `reader` completed, the value has no source.
      //
      // If `reader` is a cas of unknown outcome, it took no effect, although its new value was observed. If values
      // repeat, another operation may have written the new value, so the result is `repeated values`. The result is the
      // same if the history has a failed cas that counts as an observation (see below). Otherwise, the new value has no
      // source.
      if (returns[reader] === NEVER && (repeated || anyDiffers)) return { result: 'repeated values' }
      return { result: 'thin air', read: reader }
    }
    if (needed[writer] === 1) continue
    needed[writer] = 1
    if (kind[writer] === CAS) waiting.push(writer)
  }
  if (anyDiffers || (repeated && !uniqueAmong(encoded, needed, budget))) return { result: 'repeated values' }
  const indices = indicesWhere(length, (i) => needed[i] === 1)
  budget.look(length)
  const number = new Int32Array(length).fill(-1)
  for (let n = 0; n < indices.length; n++) number[indices[n]] = n
  const kept = restrict(encoded, indices, budget)
  const writerOf = new Int32Array(indices.length).fill(NO_READ)
  for (let n = 0; n < indices.length; n++) {
    budget.tick()
    if (kept.expects[n] === NOTHING) continue
    writerOf[n] =
      kept.expects[n] === initial ? INITIAL : number[writers.get(kept.key[n] * values + kept.expects[n]) ?? -1]
  }
  return { result: 'unique', encoded: kept, indices, writerOf }
}

export function indicesWhere(length: number, passes: (i: number) => boolean): Int32Array {
  const numbers = new Int32Array(length)
  let count = 0
  for (let i = 0; i < length; i++) if (passes(i)) numbers[count++] = i
  return numbers.slice(0, count)
}

/** Reports whether each observed value has only one possible writer. */
function uniqueAmong(encoded: Encoded, needed: Uint8Array, budget: Budget): boolean {
  // Writes of unknown outcome count, too. If a value has two possible writers, either may be the source.
  const { length, expects, writes, key, values, initial } = encoded
  const observed = new Set<number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (needed[i] === 1 && expects[i] !== NOTHING) observed.add(key[i] * values + expects[i])
  }
  const seen = new Set<number>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (writes[i] === NOTHING) continue
    const name = key[i] * values + writes[i]
    if (!observed.has(name)) continue
    if (writes[i] === initial || seen.has(name)) return false
    seen.add(name)
  }
  return true
}
