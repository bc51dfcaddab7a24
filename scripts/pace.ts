// The speed of this checkout relative to a commit. Both are measured in turns, by processor time.

/** The processor seconds of the same work in the commit (`before`) and this checkout (`now`), one after the other. */
export interface Pair {
  readonly before: number
  readonly now: number
}

/**
 * Returns the speed of this checkout as a multiple of the commit's speed. This is the median over the pairs, because
 * other load on the machine may slow down a single measurement.
 *
 * @throws RangeError if there are no pairs.
 */
export function paceOf(pairs: readonly Pair[]): number {
  const paces = pairs.map(({ before, now }) => before / now).sort((one, other) => one - other)
  const [lower, upper] = [paces[(paces.length - 1) >> 1], paces[paces.length >> 1]]
  if (lower === undefined || upper === undefined) throw new RangeError('a pace needs a pair')
  return (lower + upper) / 2
}

/** `again`: measure once more, since the machine or the compiler may have had a bad minute. */
export type Decision = 'fast enough' | 'again' | 'too slow'

/** Decides by the paces so far, oldest first. The checkout is too slow only if the last two paces are below `least`. */
export function decide(paces: readonly number[], least: number): Decision {
  const last = paces.slice(-2)
  // The condition `pace < least` would be false for NaN, so a measurement of NaN would count as fast enough.
  const below = last.filter((pace) => !(pace >= least)).length
  if (below < last.length) return 'fast enough'
  return below === 2 ? 'too slow' : 'again'
}
