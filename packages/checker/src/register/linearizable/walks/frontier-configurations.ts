import { ones } from '../../../search/beam.ts'
import type { OpenOperations } from '../open/open.ts'
import type { Allowance } from './allowance.ts'

// An operation that takes effect in a walk "fires". The words of a configuration: the state (STATE), the last firing
// (NODE, a number in `Firings`), the number of operations of unknown outcome that fired (COST), two bits for each slot
// (from BITS on, see `Layout`), and then, for each counted `OptionalClass`, the number of its operations that fired.
export const STATE = 0
export const NODE = 1
export const COST = 2
export const BITS = 3

/** The offsets of the parts of a configuration, in words. */
export interface Layout {
  /**
   * A configuration has two sets of open operations, as bits. The set at offset BITS contains the operations that have
   * taken effect. The set at offset `hidden` contains the writes that must not return without effect: they are not
   * "hideable" (see `createFrontier`).
   */
  readonly hidden: number
  readonly counts: number
  readonly stride: number
  /** By class: the offset of the counter of its used members, or -1 if they are not counted. */
  readonly countAt: readonly number[]
}

export function layOut(words: number, counted: Uint8Array): Layout {
  const counts = BITS + 2 * words
  let stride = counts
  const countAt = Array.from(counted, (each) => (each === 1 ? stride++ : -1))
  return { hidden: BITS + words, counts, stride, countAt }
}

/** A set of configurations none of which dominates another. */
export interface Frontline {
  words: Int32Array<ArrayBuffer>
  count: number
  /**
   * Adds a configuration unless a live configuration dominates it. Removes the configurations that it dominates.
   * Returns whether it was added.
   */
  readonly keep: (configuration: Int32Array) => boolean
  /** Removes the configuration at `base`. The last configuration moves to its place. */
  readonly remove: (base: number) => void
  /** Returns a score; lower is better. Each outstanding operation and each used optional operation raises it. */
  readonly scoreOf: (base: number) => number
}

export function createFrontline(
  { words, observers, casSlots, writeSlots }: OpenOperations,
  { hidden, counts, stride }: Layout,
  allowance: Allowance,
): Frontline {
  const remove = (base: number): void => {
    const end = --line.count * stride
    line.words.copyWithin(base, end, end + stride)
  }
  const keep = (configuration: Int32Array): boolean => {
    const live = line.words
    for (let base = 0; base < line.count * stride; base += stride) {
      if (live[base] !== configuration[STATE]) continue
      // `against` stays 0 if the kept configuration dominates the new one, so that the new one is not needed.
      // `againstNew` stays 0 if the new configuration dominates the kept one.
      let against = 0
      let againstNew = 0
      for (let w = 0; w < words; w++) {
        const done = live[base + BITS + w]
        const newDone = configuration[BITS + w]
        const unhideable = live[base + hidden + w]
        const newUnhideable = configuration[hidden + w]
        const differ = done ^ newDone
        const casDiffer = casSlots[w] & differ
        const writeDiffer = writeSlots[w] & (differ | (unhideable ^ newUnhideable))
        against |= (observers[w] & newDone & ~done) | casDiffer | (writeDiffer & (done | unhideable))
        againstNew |= (observers[w] & done & ~newDone) | casDiffer | (writeDiffer & (newDone | newUnhideable))
      }
      for (let c = counts; c < stride; c++) {
        if (live[base + c] > configuration[c]) against = 1
        else if (live[base + c] < configuration[c]) againstNew = 1
      }
      if (live[base + COST] > configuration[COST]) against = 1
      else if (live[base + COST] < configuration[COST]) againstNew = 1
      if (against === 0) return false
      if (againstNew === 0) {
        remove(base)
        base -= stride
      }
    }
    const end = line.count * stride
    if (end + stride > live.length) line.words = allowance.doubled(live)
    line.words.set(configuration, end)
    line.count++
    return true
  }
  const scoreOf = (base: number): number => {
    const live = line.words
    let score = 2 * live[base + COST]
    for (let w = 0; w < words; w++) {
      const done = live[base + BITS + w]
      score += 2 * ones(observers[w] & ~done) + ones(casSlots[w] & ~done) + ones(writeSlots[w] & done)
      score += 2 * ones(live[base + hidden + w])
    }
    return score
  }
  const line: Frontline = { words: new Int32Array(64 * stride), count: 0, keep, remove, scoreOf }
  return line
}
