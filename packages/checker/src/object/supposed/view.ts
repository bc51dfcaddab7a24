import { countOf, subsetSums } from '../../search/halving.ts'
import type { Sighting } from './sightings.ts'

/** A completed operation that a sighting includes; every later sighting must include it too. */
export interface Included {
  readonly operation: number
  /** When the first such sighting returned, as an event position. */
  readonly until: number
}

/**
 * The possible subsets of the overlapping operations that a sighting includes; a subset has one bit for each operation.
 */
export interface View {
  readonly sighting: Sighting
  /**
   * The subset that contains `forced` and with which the sighting shows that operations of unknown outcome add `sum`;
   * -1 if there are several.
   */
  readonly subsetFor: (sum: number, forced: number) => number | undefined
  /** The smallest subset that contains `forced` and fits `sum`. */
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

/** The overlapping operations that a sighting must include. */
export function forcedAt({ sighting: { call, overlapping } }: View, included: readonly Included[]): number {
  let forced = 0
  for (const { operation, until } of included) {
    if (until >= call) continue
    const bit = overlapping.findIndex((other) => other.operation === operation)
    if (bit !== -1) forced |= 1 << bit
  }
  return forced
}

/** The operations that later sightings must include. */
export function includedAfter({ sighting }: View, included: readonly Included[], subset: number): readonly Included[] {
  if (subset <= 0) return included
  const open = included.filter(({ operation }) => sighting.overlapping.some((other) => other.operation === operation))
  const known = new Set(open.map(({ operation }) => operation))
  for (const [bit, { operation }] of sighting.overlapping.entries())
    if ((subset >> bit) & 1 && !known.has(operation)) open.push({ operation, until: sighting.return })
  return open
}
