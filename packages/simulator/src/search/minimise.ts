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
  /** For the whole minimisation; up to five times as much if few runs are tried in it. */
  readonly budgetMs: Millis
}

/** This many runs are tried before time may end it; otherwise a program with long runs would hardly be minimised. */
const LEAST_RUNS = 40
/** It ends after this many times its budget in any case. */
const LONGEST_BUDGETS = 5
/** Small enough for a person to follow; the search for smaller scenarios ends here. */
const FEW_OPERATIONS = 6
const FEW_FAULTS = 2
/** Share of the budget for shrinking the scenario found; the rest goes to finding a smaller one. */
const SHRINK_SHARE = 0.35
const SEARCH_SHARE = 0.9
/**
 * For small scenarios of a program built from scratch: each takes as long to try as one step of shrinking a large one.
 */
const SMALL_SHARE = 0.3
/** This many are tried before time may end that stage, which leaves a share of the budget for the rest. */
const LEAST_SMALL_TRIALS = 30
const MOST_SMALL_SHARE = 0.6
/** In place of `SHRINK_SHARE`, for programs. */
const PROGRAM_SHRINK_SHARE = 0.8
/** The rest is for delays, where they can be chosen. */
const STURDY_SHARE = 0.95
/** For scenarios built from scratch. */
const MOST_OPERATIONS = 12
/** Number of other seeds a scenario is tried under, to see whether it depends on its delays. */
const OTHER_SEEDS = 8

/**
 * Finds, in the given time, the smallest scenario that fails for the same cause. The scenario is shrunk; if it stays
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
  const isPossible = ({ targetSettings, nodes }: Scenario): boolean =>
    subject.protocol.impossible?.(targetSettings, nodes) === undefined
  let runs = 0
  const fails = (scenario: Scenario): boolean => {
    if (!isPossible(scenario) || !keepsToClocks(subject, scenario)) return false
    runs++
    return isSame(runScenario(subject, scenario, limits))
  }
  if (!fails(finding.scenario)) return undefined
  // Only programs have awaits and delays of their own.
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
    // A candidate as large as the best one is accepted too: it may allow deletions that the best one does not.
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

  /** With a hold, few operations show a failure that otherwise takes many. */
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

  /** The strategy that found it once will find it again; others may find it smaller. */
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

/** Under each seed, the first leader takes the part that the first leader has under the scenario's own seed. */
function underOtherSeeds(subject: SearchedProtocol, scenario: Scenario): Scenario[] {
  const leader = firstLeader(subject, scenario)
  return Array.from({ length: OTHER_SEEDS }, (_, i) => {
    const other = { ...scenario, seed: scenario.seed + 1_000_003 * (i + 1) }
    const first = firstLeader(subject, other)
    return leader === undefined || first === undefined ? other : swapNodes(other, leader, first)
  })
}

/** To a reader, one fault or one held request counts as much as three operations. */
const sizeOf = ({ operations, faults, holds = [] }: Scenario): number =>
  operations.length + 3 * (faults.length + holds.length)

const isSmall = ({ operations, faults, holds = [] }: Scenario): boolean =>
  operations.length <= FEW_OPERATIONS && faults.length + holds.length <= FEW_FAULTS
