import { createRandom } from '@chaos/faults'
import { type Millis, millis } from '@chaos/history'
import { type Scenario, swapNodes } from '@chaos/runner'
import { shrink } from '../shrink/shrink.ts'
import { sturdier } from '../shrink/sturdier.ts'
import { planTrial } from './plan.ts'
import { causeOf, type Finding } from './search-seeds.ts'
import { strategies } from './strategy.ts'
import type { Subject } from './subject.ts'
import { firstLeader, runPlan, runScenario, type TrialLimits } from './trial.ts'

export interface MinimiseOptions {
  readonly limits: TrialLimits
  /** For everything together. */
  readonly budgetMs: Millis
}

/** Small enough for a person to follow: nothing smaller is looked for. */
const FEW_OPERATIONS = 6
const FEW_FAULTS = 2
/** Of the budget, for cutting down what was found; the rest goes to finding something smaller. */
const SHRINK_SHARE = 0.55
const SEARCH_SHARE = 0.8
/** Under so many other seeds a scenario is tried, to see whether it hangs on its delays. */
const OTHER_SEEDS = 8

/**
 * The smallest scenario that can be had in the time given, failing for the same cause: what was found is cut down and,
 * where that stays large (a deletion too many lets the failure disappear), a search among small scenarios from the start
 * looks for another one. Undefined where the scenario does not fail when it is played again.
 */
export function minimise(
  subject: Subject,
  finding: Finding,
  { limits: given, budgetMs }: MinimiseOptions,
): Scenario | undefined {
  const cause = causeOf(finding.failure)
  // An invariant that is broken on the way would end the trial before the history shows anything.
  const limits = { ...given, invariants: given.invariants && finding.failure.kind !== 'violation' }
  const fails = (scenario: Scenario): boolean => {
    const { failure } = runScenario(subject, scenario, limits)
    return failure !== undefined && causeOf(failure) === cause
  }
  if (!fails(finding.scenario)) return undefined
  const startedAt = limits.now()
  const expiredAfter = (share: number) => () => limits.now() - startedAt > budgetMs * share
  let smallest = shrink(finding.scenario, { fails, expired: expiredAfter(SHRINK_SHARE) })
  const expired = expiredAfter(SEARCH_SHARE)
  const found = strategies.find(({ name }) => name === finding.strategy)
  const random = createRandom(`minimise ${finding.seed}`)
  for (let seed = finding.seed + 1; sizeOf(smallest) > FEW_OPERATIONS + FEW_FAULTS && !expired(); seed++) {
    const small: Subject = { ...subject, nodes: subject.nodes ?? 3, operations: 4 + random.integer(12) }
    // What found it once finds it again; others may find it smaller.
    const strategy = (random.chance(0.5) ? found : undefined) ?? random.pick(strategies)
    const trial = runPlan(small, planTrial(small, strategy, seed), limits)
    if (trial.failure === undefined || causeOf(trial.failure) !== cause || !fails(trial.scenario)) continue
    const candidate = shrink(trial.scenario, { fails, expired })
    if (sizeOf(candidate) < sizeOf(smallest)) smallest = candidate
  }
  return sturdier(smallest, {
    fails,
    others: (scenario) => underOtherSeeds(subject, scenario),
    expired: expiredAfter(1),
  })
}

/** Whoever leads first has the part of the first leader under the scenario's own seed. */
function underOtherSeeds(subject: Subject, scenario: Scenario): Scenario[] {
  const leader = firstLeader(subject, scenario)
  return Array.from({ length: OTHER_SEEDS }, (_, i) => {
    const other = { ...scenario, seed: scenario.seed + 1_000_003 * (i + 1) }
    const first = firstLeader(subject, other)
    return leader === undefined || first === undefined ? other : swapNodes(other, leader, first)
  })
}

export const sizeOf = ({ operations, faults }: Scenario): number => operations.length + faults.length

/** For whoever minimises within a search: short, since more failures wait. */
export const MINIMISE_MS: Millis = millis(2_000)
