import { type Millis, millis, UserError } from '@chaosproxy/history'
import type { ProtocolModule } from '@chaosproxy/protocols'
import {
  causeOf,
  type Finding,
  minimise,
  mistakeSetting,
  NO_LEVEL,
  printReplay,
  type Subject,
  searchSeeds,
  type TrialChoices,
  type TrialLimits,
  unpromisedOf,
  usualStrategies,
} from '@chaosproxy/simulator'
import { requireSane, type SubjectSettings, subjectFrom } from './given-subject.ts'

/** How long and for what to search; every member has a default. */
export interface SearchSettings
  extends SubjectSettings,
    Pick<TrialChoices, 'faults' | 'clocks' | 'clients' | 'lengthMs' | 'mix'> {
  /** How many trials there are at most, each with a seed of its own; 300 by default. */
  readonly seeds?: number | undefined
  /** The first seed; 1 by default. */
  readonly seed?: number | undefined
  /** By default each trial has three or five. */
  readonly nodes?: number | undefined
  /** Per trial; 60 by default. */
  readonly operations?: number | undefined
  /** For cutting a failure down; 1,000 by default. */
  readonly shrinkMs?: number | undefined
}

/** The first failure, cut down. */
export interface Found {
  /**
   * `violation` of the level, a broken `invariant`, a protocol that answers nothing once all is healed (`unrecovered`), or
   * one that is `broken`: it throws, floods or never ends.
   */
  readonly kind: 'violation' | 'invariant' | 'unrecovered' | 'broken'
  readonly cause: string
  readonly sentence: string
  readonly seed: number
  readonly operations: number
  readonly faults: number
  /** The text of a file for `chaos replay FILE --protocol YOURS`. */
  readonly replay: string
}

/** What a search came to. */
export interface Searched {
  readonly trials: number
  readonly found: Found | undefined
  /** Why a search that found nothing proves less than it seems to. */
  readonly vacuous: readonly string[]
}

const SEARCH_MEMBERS = [
  ...['seeds', 'seed', 'nodes', 'operations', 'shrinkMs'],
  ...['faults', 'clocks', 'clients', 'lengthMs', 'mix'],
] as const

const MEMORY_BYTES = 256 * 2 ** 20

/**
 * Searches simulated runs of a protocol for one that breaks its promise or an invariant. In virtual time and on this
 * thread: depends only on its arguments, but for the time that cutting down takes.
 *
 * @throws UserError (usage) for something that is no protocol, an unknown name, or faults under which the protocol promises
 *   nothing if `level` does not say what its histories are held to.
 */
export function search(protocol: ProtocolModule, settings: SearchSettings = {}): Searched {
  const { seeds = 300, seed = 1, nodes, operations = 60, shrinkMs = 1_000, level } = settings
  const { faults, clocks, clients, lengthMs, mix } = settings
  requireSane(settings, SEARCH_MEMBERS, { seeds, nodes, operations, clients })
  const chosen: TrialChoices = { faults, clocks, clients, lengthMs, mix }
  const named = subjectFrom(protocol, settings)
  if (named.level !== NO_LEVEL) refuseUnpromised({ ...named, choices: chosen }, level)
  const needed = mistakeSetting(named.protocol, named.bug, named.knobs)
  const subject = { ...named, nodes, operations, choices: { ...chosen, faults: faults ?? needed.faults } }
  const result = searchSeeds(subject, {
    first: seed,
    count: seeds,
    strategies: usualStrategies,
    limits: LIMITS,
    stopAtFirst: true,
    verifyDeterminism: false,
  })
  const [finding] = result.findings
  const { missing = [], undecided } = result.evidence
  return {
    trials: result.trials,
    found: finding && foundOf(finding, minimise(subject, finding, { limits: LIMITS, budgetMs: millis(shrinkMs) })),
    vacuous: [...missing, ...(undecided > 0 ? [`${undecided} histories could not be judged`] : [])],
  }
}

function refuseUnpromised(
  { protocol, knobs, choices }: Pick<Subject, 'protocol' | 'knobs' | 'choices'>,
  level: string | undefined,
): void {
  const unpromised = unpromisedOf(protocol, knobs, choices)
  if (unpromised?.lacks === 'strengths')
    throw new UserError('usage', `${unpromised.what}: say in "clocks" how wrong they are to be.`)
  if (unpromised !== undefined && level === undefined)
    throw new UserError('usage', `${unpromised.what}: say in "level" what its histories are held to nevertheless.`)
}

const LIMITS: TrialLimits = {
  memoryBytes: MEMORY_BYTES,
  now: (): Millis => millis(performance.now()),
  invariants: true,
}

function foundOf({ failure, seed, scenario: original }: Finding, smallest: Finding['scenario'] | undefined): Found {
  const scenario = smallest ?? original
  const sentence = failure.kind === 'violation' ? failure.sentence : failure.what
  const cause = causeOf(failure)
  const invariants = failure.kind !== 'violation'
  return {
    kind: failure.kind,
    cause,
    sentence,
    seed,
    operations: scenario.operations.length,
    faults: scenario.faults.length,
    replay: printReplay({ scenario, found: `${cause}: ${sentence}`, digest: undefined, invariants }),
  }
}
