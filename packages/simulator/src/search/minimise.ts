import { createRandom } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import { type Scenario, swapNodes } from '@chaosproxy/runner'
import { shrink } from '../shrink/shrink.ts'
import { sturdier } from '../shrink/sturdier.ts'
import { thinned } from '../shrink/thinned.ts'
import { keepsToClocks } from './clock-bounds.ts'
import { planTrial } from './plan.ts'
import { possibleNodes } from './possible-nodes.ts'
import { causeOf, type SeedFailure } from './search-seeds.ts'
import { strategies } from './strategy.ts'
import type { SearchedProtocol } from './subject.ts'
import { firstLeader, runPlan, runScenario, type Trial, type TrialLimits } from './trial.ts'

export interface MinimiseOptions {
  readonly limits: TrialLimits
  /** For the whole minimisation. */
  readonly budgetMs: Millis
}

/** Small enough for a person to follow; the search for smaller ones ends here. */
const FEW_OPERATIONS = 6
const FEW_FAULTS = 2
/** Share of the budget for shrinking the scenario found; the rest goes to finding a smaller one. */
const SHRINK_SHARE = 0.35
const SEARCH_SHARE = 0.9
/** For a scenario generated from scratch. */
const MOST_OPERATIONS = 12
/** Number of other seeds a scenario is tried under, to see whether it depends on its delays. */
const OTHER_SEEDS = 8

/**
 * The smallest scenario found in the given time that fails for the same cause. The scenario is shrunk; if it stays
 * large (one deletion too many makes the failure disappear), random parts of it are tried, and small scenarios from
 * scratch. Undefined if the scenario does not fail when it is played again.
 */
export function minimise(
  subject: SearchedProtocol,
  finding: SeedFailure,
  { limits: given, budgetMs }: MinimiseOptions,
): Scenario | undefined {
  const cause = causeOf(finding.failure)
  // An invariant broken on the way would end the trial before the history shows anything.
  const limits = { ...given, invariants: given.invariants && finding.failure.kind !== 'violation' }
  const isSame = ({ failure }: Trial): boolean => failure !== undefined && causeOf(failure) === cause
  const isPossible = ({ knobs, nodes }: Scenario): boolean => subject.protocol.impossible?.(knobs, nodes) === undefined
  const fails = (scenario: Scenario): boolean =>
    isPossible(scenario) && keepsToClocks(subject, scenario) && isSame(runScenario(subject, scenario, limits))
  if (!fails(finding.scenario)) return undefined
  const startedAt = limits.now()
  const expiredAfter = (share: number) => () => limits.now() - startedAt > budgetMs * share
  let smallest = shrink(finding.scenario, { fails, expired: expiredAfter(SHRINK_SHARE), turned: subject.knobs })
  const expired = expiredAfter(SEARCH_SHARE)
  const random = createRandom(`minimise ${finding.seed}`)
  for (let seed = finding.seed + 1; !isSmall(smallest) && !expired(); seed++) {
    const other = random.chance(0.35) ? thinned(smallest, random) : afresh(seed)
    if (other === undefined || !fails(other)) continue
    const candidate = shrink(other, { fails, expired, turned: subject.knobs })
    // A candidate as large as the best is accepted too: it may allow deletions that the best does not.
    if (sizeOf(candidate) <= sizeOf(smallest)) smallest = candidate
  }
  return sturdier(smallest, {
    fails,
    others: (scenario) => underOtherSeeds(subject, scenario),
    expired: expiredAfter(1),
  })

  /** The strategy that found it once will find it again; others may find it smaller. */
  function afresh(seed: number): Scenario | undefined {
    const [fewest] = possibleNodes(subject.protocol, subject.knobs)
    const small: SearchedProtocol = {
      ...subject,
      nodes: subject.nodes ?? fewest ?? finding.scenario.nodes,
      operations: 1 + random.integer(MOST_OPERATIONS),
    }
    const same = random.chance(0.75) ? strategies.find(({ name }) => name === finding.strategy) : undefined
    const trial = runPlan(small, planTrial(small, same ?? random.pick(strategies), seed), limits)
    return isSame(trial) ? trial.scenario() : undefined
  }
}

/** Under each seed, the first leader takes the part that the first leader has under the scenario's own seed. */
function underOtherSeeds(subject: SearchedProtocol, scenario: Scenario): Scenario[] {
  const leader = firstLeader(subject, scenario)
  return Array.from({ length: OTHER_SEEDS }, (_, i) => {
    const other = { ...scenario, seed: scenario.seed + 1_000_003 * (i + 1) }
    const first = firstLeader(subject, other)
    return leader === undefined || first === undefined ? other : swapNodes(other, leader, first)
  })
}

/** One fault is as much to follow as three operations. */
const sizeOf = ({ operations, faults }: Scenario): number => operations.length + 3 * faults.length

const isSmall = ({ operations, faults }: Scenario): boolean =>
  operations.length <= FEW_OPERATIONS && faults.length <= FEW_FAULTS
