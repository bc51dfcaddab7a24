import {
  createRandom,
  type Link,
  linksBetween,
  type NodeId,
  nodeNames,
  type Random,
  type ScheduledFault,
} from '@chaosproxy/faults'
import { type Millis, type Nanos, nanos } from '@chaosproxy/history'
import { type PlannedOperation, type Scenario, scheduleOf } from '@chaosproxy/runner'
import { EVEN_RANK } from '@chaosproxy/workloads'
import { withinClocks } from './clock-bounds.ts'
import { type Plan, withinPromise } from './plan.ts'
import type { Reaction } from './reaction.ts'
import { type SeedFailure, searchSeeds } from './search-seeds.ts'
import type { Strategy } from './strategy.ts'
import type { SearchedProtocol } from './subject.ts'
import { type Failure, runPlan, type TrialLimits } from './trial.ts'

export interface GuideOptions {
  /**
   * The strategies that look for other ways to break the invariant. They are tried after the variations of the first
   * break.
   */
  readonly strategies: readonly Strategy[]
  readonly limits: TrialLimits
  /**
   * The time for the whole search. While the search has tried only a few variations, it may take up to three times as
   * long.
   */
  readonly budgetMs: Millis
}

type BrokenInvariant = Extract<Failure, { readonly kind: 'invariant' }>

/** The number of variations of one scenario that breaks the invariant. The search then continues with another seed. */
const VARIATIONS = 60

/** The number of variations before the time limit applies, so that a busy machine finds as much as an idle one. */
const LEAST_VARIATIONS = 1_500
/** The maximum time of a search, as a multiple of its budget. Slow subjects and machines need more than the budget. */
const LONGEST_BUDGETS = 3

/**
 * Searches for a violation that a client sees, starting from a broken invariant, which clients may not have noticed.
 * The scenario stays the same up to the break; after it, clients send many operations to all nodes. If no client sees a
 * violation, tries other seeds that break the same invariant. Returns undefined if the time is over.
 */
export function guide(subject: SearchedProtocol, finding: SeedFailure, options: GuideOptions): SeedFailure | undefined {
  if (finding.failure.kind !== 'invariant') return undefined
  const { limits, budgetMs } = options
  // The strategy that found the broken invariant is likely to break it again.
  const same = options.strategies.filter(({ name }) => name === finding.strategy)
  const strategies = same.length > 0 ? same : options.strategies
  const startedAt = limits.now()
  let tried = 0
  const expired = () => limits.now() - startedAt > budgetMs * (tried < LEAST_VARIATIONS ? LONGEST_BUDGETS : 1)
  const { name } = finding.failure
  let start: SeedFailure | undefined = finding
  for (let seed = finding.seed + 1; !expired(); seed++) {
    if (start !== undefined) {
      const visible = varied(subject, start, limits, () => {
        tried += 1
        return expired()
      })
      if (visible !== undefined) return visible
    }
    const search = { first: seed, count: 1, strategies, limits, stopAtFirst: true }
    start = searchSeeds(subject, search).findings.find(
      ({ failure }) => failure.kind === 'invariant' && failure.name === name,
    )
  }
  return undefined
}

function varied(
  subject: SearchedProtocol,
  finding: SeedFailure,
  limits: TrialLimits,
  expired: () => boolean,
): SeedFailure | undefined {
  const broken = finding.failure as BrokenInvariant
  const byHistory = { ...limits, invariants: false }
  for (let i = 0; i < VARIATIONS && !expired(); i++) {
    const random = createRandom(`guide ${finding.seed} ${i}`)
    const plan = withinClocks(subject, withinPromise(subject, vary(subject, finding.scenario, broken, random)))
    const { failure, scenario } = runPlan(subject, plan, byHistory)
    if (failure?.kind === 'violation')
      return { seed: finding.seed, strategy: finding.strategy, failure, scenario: scenario(), after: broken.name }
  }
  return undefined
}

/** Returns a plan that equals the scenario up to the break, and is random after it. */
function vary(subject: SearchedProtocol, scenario: Scenario, broken: BrokenInvariant, random: Random): Plan {
  const nodes = nodeNames(scenario.nodes)
  const lengthMs = SHORTEST_MS * (LONGEST_MS / SHORTEST_MS) ** random.next()
  const before = scenario.operations.filter(({ at }) => at <= broken.at)
  return {
    scenario: {
      ...scenario,
      operations: [...before, ...denseOperations(subject, scenario, broken.at, random, lengthMs)],
    },
    schedule: [
      ...scheduleOf({ ...scenario, faults: stretched(scenario.faults, broken.at, random, lengthMs) }),
      ...(random.chance(PARTITION_PROBABILITY) ? [separation(broken, nodes, random, lengthMs)] : []),
    ],
    reactions: random.chance(UNSEAT_PROBABILITY) ? [unseat(broken.at, random, lengthMs)] : [],
  }
}

const SHORTEST_MS = 50
const LONGEST_MS = 3_000
const PARTITION_PROBABILITY = 0.6
const UNSEAT_PROBABILITY = 0.4

/**
 * Returns the faults of a scenario. In half of all cases, extends those in effect at `at`, when the invariant breaks,
 * so that partitioned sides stay apart.
 */
function stretched(faults: Scenario['faults'], at: Nanos, random: Random, lengthMs: number): Scenario['faults'] {
  const stretches = random.chance(0.5)
  return faults.map((fault) =>
    stretches && fault.to > at && fault.from <= at ? { ...fault, to: nanos(fault.to + lengthMs * 1e6) } : fault,
  )
}

function separation(
  broken: BrokenInvariant,
  nodes: readonly NodeId[],
  random: Random,
  lengthMs: number,
): ScheduledFault {
  const others = nodes.filter((node) => node !== broken.node)
  const side = [broken.node, ...others.filter(() => random.chance(0.3))]
  const rest = nodes.filter((node) => !side.includes(node))
  const links: readonly Link[] = linksBetween([side, rest.length > 0 ? rest : others])
  const from = nanos(broken.at + 1 + (random.chance(0.5) ? 0 : random.next() * lengthMs * 0.5e6))
  const to = nanos(from + (0.2 + random.next()) * lengthMs * 1e6)
  return { id: 'separation', from, to, plan: { kind: 'partition', links, mode: 'drop' } }
}

/** Isolates or kills the next leader. The leader after it may then lack some log entries. */
const unseat = (at: Nanos, random: Random, lengthMs: number): Reaction => ({
  moment: random.pick(['leads', 'acknowledges'] as const),
  occurrence: 1 + random.integer(3),
  notBefore: at,
  harm: random.pick(['isolate', 'kill', 'isolate', 'kill-all'] as const),
  after: nanos(1 + random.next() * 20e6),
  duration: nanos((0.2 + random.next()) * lengthMs * 1e6),
})

/** Returns operations of new clients on every node. They reuse no value of the scenario. */
function denseOperations(
  { operations, workload }: SearchedProtocol,
  scenario: Scenario,
  at: Nanos,
  random: Random,
  lengthMs: number,
): PlannedOperation[] {
  const nodes = nodeNames(scenario.nodes)
  const firstClient =
    1 + scenario.operations.reduce((last, { client }) => Math.max(last, client), Number.NEGATIVE_INFINITY)
  const crew = workload.create(scenario.settings, scenario.operations.length)
  const clients = nodes.flatMap((node) =>
    [EVEN_RANK, EVEN_RANK].map((rank) => ({ node, client: crew.client(random, rank) })),
  )
  const times = Array.from({ length: operations }, () => random.next() * lengthMs * 1e6).sort((a, b) => a - b)
  return times.flatMap((time) => {
    const place = random.integer(clients.length)
    const chosen = clients[place]
    if (chosen === undefined) return []
    const { node, client } = chosen
    return { at: nanos(at + Math.round(time)), client: firstClient + place, node, input: client.next() }
  })
}
