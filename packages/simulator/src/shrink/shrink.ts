import type { Scenario } from '@chaosproxy/runner'
import { deleteParts } from './delete-parts.ts'
import { fewerNodes, fewerSettings, mergedFaults, shorterFaults, simplerTimes } from './simplify.ts'

export interface ShrinkOptions {
  readonly fails: (scenario: Scenario) => boolean
  /** Whether the time is over. Shrinking then returns the smallest scenario so far. */
  readonly expired: () => boolean
  /** The number of other seeds under which a deletion is retried if it removes the failure. */
  readonly reseeds?: number | undefined
  /** The settings that the user chose. Shrinking keeps them. */
  readonly turned?: Scenario['targetSettings'] | undefined
}

/**
 * The default of `reseeds`. With more seeds, no time would remain for the next stage, which tries random parts of the
 * scenario: that stage finds smaller scenarios more often.
 */
const RESEEDS = 1

/**
 * Returns a smaller scenario that fails in the same way. Applies delta debugging (Zeller & Hildebrandt, "Simplifying
 * and Isolating Failure-Inducing Input", TSE 2002) to each aspect in turn until a whole round changes nothing. Random
 * numbers depend on links and message numbers, so the remaining parts mostly keep their random numbers. If a deletion
 * removes the failure nevertheless, it is retried under other seeds.
 *
 * The given scenario must fail.
 */
export function shrink(scenario: Scenario, options: ShrinkOptions): Scenario {
  const reseeds = options.reseeds ?? RESEEDS
  let smallest = scenario

  function keep(candidate: Scenario, seeds: number): boolean {
    for (let i = 0; i <= seeds; i++) {
      if (options.expired()) return false
      const attempt = i === 0 ? candidate : { ...candidate, seed: candidate.seed + i }
      if (!options.fails(attempt)) continue
      smallest = attempt
      return true
    }
    return false
  }

  const passes: readonly (() => void)[] = [
    () => tryEach(fewerSettings(smallest, options.turned ?? {}), reseeds),
    () => tryEach(fewerNodes(smallest), reseeds),
    () =>
      deleteParts(
        () => smallest.holds ?? [],
        (left) => keep(withHolds(smallest, left), 0),
      ),
    () =>
      deleteParts(
        () => smallest.faults,
        (faults) => keep({ ...smallest, faults }, reseeds),
      ),
    () =>
      deleteParts(
        () => smallest.operations,
        (operations) => keep({ ...smallest, operations }, reseeds),
      ),
    () => tryEach(mergedFaults(smallest), reseeds),
    () => tryEach(shorterFaults(smallest), 0),
    () => tryEach(simplerTimes(smallest), 0),
  ]

  function tryEach(candidates: Iterable<(current: Scenario) => Scenario | undefined>, seeds: number): void {
    for (const change of candidates) {
      const candidate = change(smallest)
      if (candidate !== undefined) keep(candidate, seeds)
      if (options.expired()) return
    }
  }

  let before: Scenario
  do {
    before = smallest
    for (const pass of passes) pass()
  } while (smallest !== before && !options.expired())
  return smallest
}

const withHolds = ({ holds: _, ...scenario }: Scenario, left: NonNullable<Scenario['holds']>): Scenario =>
  left.length === 0 ? scenario : { ...scenario, holds: left }
