import { countOf, subsetSums } from '../../search/halving.ts'
import type { Sighting } from './sightings.ts'

/**
 * A completed operation that a sighting (see `Sighting`) includes. All later sightings must include the operation, too.
 */
export interface Included {
  readonly operation: number
  /** The return of the first read (see `Sighting`) that includes the operation, as an event position. */
  readonly until: number
}

/**
 * A sighting with the subsets of its overlapping operations that may explain it. A subset is a number in which each bit
 * stands for an operation.
 */
export interface View {
  readonly sighting: Sighting
  /**
   * Returns the subset of the overlapping operations that contains `forced` and whose additions have the sum
   * `sighting.excess - sum`. `sum` is the sum of the additions of unknown outcome. Returns -1 if there are several such
   * subsets, and undefined if there is none.
   */
  readonly subsetFor: (sum: number, forced: number) => number | undefined
  /** Like `subsetFor`, but returns the smallest of several subsets. */
  readonly leastFor: (sum: number, forced: number) => number | undefined
}

export function viewOf(sighting: Sighting): View {
  const { excess, overlapping } = sighting
  const subsets = new Map<number, number | number[]>()
  for (const [subset, sum] of subsetSums(overlapping.map(({ adds }) => adds)).entries()) {
    const known = subsets.get(excess - sum)
    if (known === undefined) subsets.set(excess - sum, subset)
    else if (typeof known === 'number') subsets.set(excess - sum, [known, subset])
    else known.push(subset)
  }
  const allFor = (sum: number, forced: number): readonly number[] => {
    const found = subsets.get(sum) ?? []
    return (typeof found === 'number' ? [found] : found).filter((subset) => (subset & forced) === forced)
  }
  return {
    sighting,
    leastFor: (sum, forced) => {
      const [first, ...others] = allFor(sum, forced)
      return others.reduce((least, subset) => (countOf(subset) < countOf(least) ? subset : least), first)
    },
    subsetFor: (sum, forced) => {
      const found = subsets.get(sum)
      if (found === undefined) return undefined
      if (typeof found === 'number') return (found & forced) === forced ? found : undefined
      const possible = found.filter((subset) => (subset & forced) === forced)
      return possible.length > 1 ? -1 : possible[0]
    },
  }
}

/**
 * Returns, as bits, the operations that overlap the read of the sighting and that this read must include. The read must
 * include an operation of `included` if an earlier read that includes the operation returned before this read was
 * called.
 */
export function forcedAt({ sighting: { call, overlapping } }: View, included: readonly Included[]): number {
  let forced = 0
  for (const { operation, until } of included) {
    if (until >= call) continue
    const bit = overlapping.findIndex((other) => other.operation === operation)
    if (bit !== -1) forced |= 1 << bit
  }
  return forced
}

export function includedAfter({ sighting }: View, included: readonly Included[], subset: number): readonly Included[] {
  if (subset <= 0) return included
  const open = included.filter(({ operation }) => sighting.overlapping.some((other) => other.operation === operation))
  const known = new Set(open.map(({ operation }) => operation))
  for (const [bit, { operation }] of sighting.overlapping.entries())
    if ((subset >> bit) & 1 && !known.has(operation)) open.push({ operation, until: sighting.return })
  return open
}
