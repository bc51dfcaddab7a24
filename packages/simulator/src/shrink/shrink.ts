import type { Scenario } from '@chaos/runner'
import { deleteParts } from './delete-parts.ts'
import { fewerKnobs, fewerNodes, mergedFaults, shorterFaults, simplerTimes } from './simplify.ts'

export interface ShrinkOptions {
  /** Whether a scenario still goes wrong in the same way. Called again and again, so it had better be quick. */
  readonly fails: (scenario: Scenario) => boolean
  /** True once no more time is to be spent: the smallest scenario so far is then the answer. */
  readonly expired: () => boolean
  /** Delays and nodes' chance are tried anew under so many other seeds where a deletion lets the failure disappear. */
  readonly reseeds?: number | undefined
  /** Knobs that the user has turned: they stay as they are. */
  readonly turned?: Scenario['knobs'] | undefined
}

/** So many others. More of them leave no time for what finds smaller ones more often: parts at random, each under a seed of its own. */
const RESEEDS = 1

/**
 * A smaller scenario that fails in the same way: fewer faults, operations, nodes and knobs turned, shorter faults, rounder
 * times.
 * Delta debugging (Zeller & Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", TSE 2002) by turns, until a
 * round of all of them changes nothing. Fates hang on links and numbers, so that what is left keeps its own; where a
 * deletion still lets the failure disappear it is tried once more under other seeds.
 *
 * The scenario given must fail.
 */
export function shrink(scenario: Scenario, options: ShrinkOptions): Scenario {
  const reseeds = options.reseeds ?? RESEEDS
  let smallest = scenario

  /** Keeps the candidate where it fails, under its own seed or, where that is worth the while, another. */
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
    () => tryEach(fewerKnobs(smallest, options.turned ?? {}), reseeds),
    () => tryEach(fewerNodes(smallest), reseeds),
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
