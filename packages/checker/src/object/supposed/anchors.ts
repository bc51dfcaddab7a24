import type { Budget } from '../../limits/budget.ts'
import { countOf } from '../../search/halving.ts'
import type { Addition, Sighting, Since } from './sightings.ts'
import { forcedAt, type Included, includedAfter, viewOf } from './view.ts'

/**
 * A sighting (a completed read of all amounts) with the operations that it includes, and a moment at which it may have
 * happened.
 */
export interface Anchor {
  readonly at: number
  /** The moment, as an event position or a fraction between two. */
  readonly point: number
  /** The operations that overlap the read and whose additions are part of the sum that the read returned. */
  readonly included: readonly number[]
  readonly excluded: readonly number[]
  /** The operations of unknown outcome that this anchor includes but no earlier anchor does. */
  readonly added: readonly number[]
}

interface Inclusion {
  readonly at: number
  /** The sum of the additions of unknown outcome that this sighting (see `Sighting`) or an earlier one includes. */
  readonly sum: number
  /** The number of operations whose effect this sighting shows (see `Sighting`). */
  readonly size: number
}

/**
 * Returns the anchors of the sightings (see `Anchor`) in an order in which each includes all operations that the
 * earlier ones include. Omits sightings that do not fit into this order.
 */
export function anchorsOf(sightings: readonly Sighting[], since: Since, budget: Budget): readonly Anchor[] {
  const inclusions = inclusionsOf(sightings, since, budget)
  inclusions.sort((a, b) => a.size - b.size || sightings[a.at].call - sightings[b.at].call)
  const pending = [...since].sort(([, a], [, b]) => b - a)
  const anchors: Anchor[] = []
  const known = new Set<number>()
  // The distance between two anchors is so small that all anchors fit between two events.
  const apart = 1 / (inclusions.length + 1)
  let point = 0
  for (const { at, sum } of inclusions) {
    const view = viewOf(sightings[at])
    const { call, return: until, overlapping } = sightings[at]
    const isKnown = overlapping.reduce((bits, { operation }, bit) => bits | (known.has(operation) ? 1 << bit : 0), 0)
    const subset = view.leastFor(sum, isKnown)
    if (subset === undefined) continue
    const isIncluded = (_: Addition, bit: number): boolean => ((subset >> bit) & 1) === 1
    const included = overlapping.filter(isIncluded)
    const excluded = overlapping.filter((each, bit) => !isIncluded(each, bit))
    let first = pending.length
    while (first > 0 && pending[first - 1][1] <= at) first--
    const added = pending.slice(first).map(([operation]) => operation)
    const from = Math.max(point, call, ...[...included, ...added].map((each) => each.call))
    if (from + apart >= Math.min(until, ...excluded.map((each) => each.return))) continue
    point = from + apart
    pending.length = first
    for (const { operation } of included) known.add(operation)
    const operationOf = ({ operation }: Addition): number => operation
    anchors.push({
      at,
      point,
      included: included.map(operationOf),
      excluded: excluded.map(operationOf),
      added: added.map(operationOf),
    })
  }
  return anchors
}

function inclusionsOf(sightings: readonly Sighting[], since: Since, budget: Budget): Inclusion[] {
  const sums = new Float64Array(sightings.length)
  const counts = new Int32Array(sightings.length)
  for (const [{ adds }, at] of since) {
    sums[at] += adds
    counts[at]++
  }
  const inclusions: Inclusion[] = []
  let included: readonly Included[] = []
  let [sum, count] = [0, 0]
  for (const [at, sighting] of sightings.entries()) {
    budget.tick()
    sum += sums[at]
    count += counts[at]
    const view = viewOf(sighting)
    const subset = view.leastFor(sum, forcedAt(view, included))
    if (subset === undefined) continue
    included = includedAfter(view, included, subset)
    inclusions.push({ at, sum, size: sighting.returnedBefore + countOf(subset) + count })
  }
  return inclusions
}
