import { createRandom } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import { type Scenario, swapNodes } from '@chaosproxy/runner'
import type { PlannedDelay } from '../replay/delays.ts'
import { calmer } from '../shrink/calmer.ts'
import { shrink } from '../shrink/shrink.ts'
import { sturdier } from '../shrink/sturdier.ts'
import { thinned } from '../shrink/thinned.ts'
import { keepsToClocks } from './clock-bounds.ts'
import { planTrial } from './plan.ts'
import { possibleNodes } from './possible-nodes.ts'
import { causeOf, type SeedFailure } from './search-seeds.ts'
import { type Strategy, strategies } from './strategy.ts'
import type { SearchedProtocol } from './subject.ts'
import { firstLeader, runPlan, runScenario, type Trial, type TrialLimits } from './trial.ts'

export interface MinimiseOptions {
  readonly limits: TrialLimits
  /** The time for the whole minimisation. A minimisation with only a few runs may take up to five times as long. */
  readonly budgetMs: Millis
}

/** The number of runs before the time limit applies. Otherwise a program with long runs would hardly be minimised. */
const LEAST_RUNS = 40
/** The maximum time of a minimisation, as a multiple of its budget. */
const LONGEST_BUDGETS = 5
/** A person can follow a scenario of this size, so the search for smaller ones stops. */
const FEW_OPERATIONS = 6
const FEW_FAULTS = 2
/**
 * Shares of the budget. After `SHRINK_SHARE`, the shrinking of the found scenario ends. After `SEARCH_SHARE`, the
 * search for other small scenarios ends.
 */
const SHRINK_SHARE = 0.35
const SEARCH_SHARE = 0.9
/**
 * The share of the budget for small scenarios built from scratch for a program. Such a trial takes as long as one step
 * of shrinking a large scenario.
 */
const SMALL_SHARE = 0.3
/**
 * Even after `SMALL_SHARE` of the budget, small scenarios are tried until this many were tried, or until
 * `MOST_SMALL_SHARE` of the budget has passed.
 */
const LEAST_SMALL_TRIALS = 30
const MOST_SMALL_SHARE = 0.6
/** Replaces `SHRINK_SHARE` for programs. */
const PROGRAM_SHRINK_SHARE = 0.8
/**
 * The share of the budget after which `sturdier` makes no further changes to the scenario. The rest of the budget is
 * for `calmer`, which reduces delays.
 */
const STURDY_SHARE = 0.95
/** The maximum number of operations in scenarios built from scratch. */
const MOST_OPERATIONS = 12
/** The number of other seeds that show whether a scenario depends on its delays. */
const OTHER_SEEDS = 8

/**
 * Finds, in the given time, the smallest scenario that fails for the same cause. Shrinks the scenario first. If the
 * result is still large, tries random parts of it, and small scenarios built from scratch. One of these may fail even
 * if no single item can be deleted from the result. Returns undefined if the scenario does not fail when replayed.
 */
export function minimise(
  subject: SearchedProtocol,
  finding: SeedFailure,
  { limits: given, budgetMs }: MinimiseOptions,
): Scenario | undefined {
  const cause = causeOf(finding.failure)
  // With invariants, the trial would end at a broken invariant, before the history shows the violation.
  const limits = { ...given, invariants: given.invariants && finding.failure.kind !== 'violation' }
  const isSame = ({ failure }: Trial): boolean => failure !== undefined && causeOf(failure) === cause
  const isPossible = ({ targetSettings, nodes }: Scenario): boolean =>
    subject.protocol.impossible?.(targetSettings, nodes) === undefined
  let runs = 0
  const fails = (scenario: Scenario): boolean => {
    if (!isPossible(scenario) || !keepsToClocks(subject, scenario)) return false
    runs++
    return isSame(runScenario(subject, scenario, limits))
  }
  if (!fails(finding.scenario)) return undefined
  // Only programs have awaits and configurable delays.
  const delaysMatter = subject.start !== undefined
  const possible = delaysMatter ? strategies : strategies.filter(({ name }) => name !== 'awaits')
  const startedAt = limits.now()
  const expiredAfter = (share: number) => () =>
    limits.now() - startedAt > budgetMs * share * (runs < LEAST_RUNS * share ? LONGEST_BUDGETS : 1)
  const random = createRandom(`minimise ${finding.seed}`)
  const small = delaysMatter ? smallOne() : undefined
  let smallest = shrink(small ?? finding.scenario, {
    fails,
    expired: expiredAfter(delaysMatter ? PROGRAM_SHRINK_SHARE : SHRINK_SHARE),
    turned: subject.targetSettings,
  })
  const expired = expiredAfter(SEARCH_SHARE)
  for (let seed = finding.seed + 1; !isSmall(smallest) && !expired(); seed++) {
    const other = random.chance(0.35) ? thinned(smallest, random) : afresh(seed)
    if (other === undefined || !fails(other)) continue
    const candidate = shrink(other, { fails, expired, turned: subject.targetSettings })
    // A candidate of equal size is accepted too, because further deletions may be possible in it.
    if (sizeOf(candidate) <= sizeOf(smallest)) smallest = candidate
  }
  const sturdiest = sturdier(smallest, {
    fails,
    others: (scenario) => underOtherSeeds(subject, scenario),
    expired: expiredAfter(delaysMatter ? STURDY_SHARE : 1),
  })
  if (!delaysMatter) return sturdiest
  return calmer(sturdiest, { fails, delaysIn, expired: expiredAfter(1) })

  function delaysIn(scenario: Scenario): readonly PlannedDelay[] {
    const delays: PlannedDelay[] = []
    runScenario(subject, scenario, { ...limits, delayed: (delay) => delays.push(delay) })
    return delays
  }

  /**
   * Builds a small failing scenario from scratch. With a held request, a few operations show a failure that otherwise
   * needs many.
   */
  function smallOne(): Scenario | undefined {
    const holds = strategies.find(({ name }) => name === 'awaits')
    if (finding.scenario.operations.length <= MOST_OPERATIONS || (subject.awaits ?? []).length === 0) return undefined
    const [soon, late] = [expiredAfter(SMALL_SHARE), expiredAfter(MOST_SMALL_SHARE)]
    for (let tried = 0; tried < LEAST_SMALL_TRIALS ? !late() : !soon(); tried++) {
      const other = afresh(finding.seed + 1 + tried, random.chance(0.75) ? holds : undefined)
      if (other !== undefined && fails(other)) return other
    }
    return undefined
  }

  /**
   * Runs a small trial, and returns its scenario if it fails for the same cause. Mostly uses the strategy that found
   * the failure; another may find a smaller scenario.
   */
  function afresh(seed: number, chosen?: Strategy): Scenario | undefined {
    const [fewest] = possibleNodes(subject.protocol, subject.targetSettings)
    const small: SearchedProtocol = {
      ...subject,
      nodes: subject.nodes ?? fewest ?? finding.scenario.nodes,
      operations: 1 + random.integer(MOST_OPERATIONS),
    }
    const same = chosen ?? (random.chance(0.75) ? strategies.find(({ name }) => name === finding.strategy) : undefined)
    runs++
    const trial = runPlan(small, planTrial(small, same ?? random.pick(possible), seed), limits)
    return isSame(trial) ? trial.scenario() : undefined
  }
}

/**
 * Returns the scenario under other seeds. If another node is then the first leader, swaps the two nodes, so that the
 * faults of the leader still hit the leader.
 */
function underOtherSeeds(subject: SearchedProtocol, scenario: Scenario): Scenario[] {
  const leader = firstLeader(subject, scenario)
  return Array.from({ length: OTHER_SEEDS }, (_, i) => {
    const other = { ...scenario, seed: scenario.seed + 1_000_003 * (i + 1) }
    const first = firstLeader(subject, other)
    return leader === undefined || first === undefined ? other : swapNodes(other, leader, first)
  })
}

/** Returns the size as a reader perceives it: a fault or a held request counts as three operations. */
const sizeOf = ({ operations, faults, holds = [] }: Scenario): number =>
  operations.length + 3 * (faults.length + holds.length)

const isSmall = ({ operations, faults, holds = [] }: Scenario): boolean =>
  operations.length <= FEW_OPERATIONS && faults.length + holds.length <= FEW_FAULTS
