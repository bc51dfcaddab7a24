import { type Millis, millis, UserError } from '@chaosproxy/history'
import type { ProtocolModule } from '@chaosproxy/protocols'
import {
  causeOf,
  minimise,
  mistakeSetting,
  NO_LEVEL,
  printReplay,
  type SearchedProtocol,
  type SearchResult,
  type SeedFailure,
  searchSeeds,
  type TrialChoices,
  type TrialLimits,
  unpromisedOf,
  usualStrategies,
} from '@chaosproxy/simulator'
import { isAskedToStop } from '@chaosproxy/targets/watchdog'
import { doneOf, type Job } from '../jobs/job.ts'
import { thisThread } from '../jobs/this-thread.ts'
import { requireSane, type SubjectSettings, subjectFrom } from './given-subject.ts'
import { type Searcher, searchInParallel } from './in-parallel.ts'

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
  readonly listener?: ((event: SearchStep) => void) | undefined
  /** No other trial begins; what was found until then is cut down. */
  readonly signal?: AbortSignal | undefined
}

/** What a search tells on the way. */
export type SearchStep =
  | {
      readonly type: 'progress'
      /** How many have ended, after each of them. */
      readonly trials: number
      readonly causes: number
    }
  | {
      readonly type: 'shrinking'
      /** Whose trial failed, and is being cut down. */
      readonly seed: number
      readonly cause: string
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
  /** Whether the signal ended it before a failure was found or all trials were run. */
  readonly interrupted: boolean
}

const SEARCH_MEMBERS = [
  ...['seeds', 'seed', 'nodes', 'operations', 'shrinkMs', 'listener', 'signal'],
  ...['faults', 'clocks', 'clients', 'lengthMs', 'mix'],
] as const

const MEMORY_BYTES = 256 * 2 ** 20

/**
 * Searches simulated runs of a protocol for one that breaks its promise or an invariant. In virtual time and on this
 * thread, which has a turn for something else after every trial: depends only on its arguments, but for the
 * time that cutting down takes and for when it is aborted.
 *
 * @throws UserError (usage) for something that is no protocol, an unknown name, or faults under which the protocol promises
 *   nothing if `level` does not say what its histories are held to.
 */
export async function search(protocol: ProtocolModule, settings: SearchSettings = {}): Promise<Searched> {
  const { seeds = 300, seed = 1, nodes, operations = 60, shrinkMs = 1_000, level } = settings
  const {
    faults,
    clocks,
    clients,
    lengthMs,
    mix,
    listener = () => {},
    signal = new AbortController().signal,
  } = settings
  requireSane(settings, SEARCH_MEMBERS, { seeds, nodes, operations, clients })
  const chosen: TrialChoices = { faults, clocks, clients, lengthMs, mix }
  const named = subjectFrom(protocol, settings)
  if (named.level !== NO_LEVEL) refuseUnpromised({ ...named, choices: chosen }, level)
  const needed = mistakeSetting(named.protocol, named.bug, named.knobs)
  const subject = { ...named, nodes, operations, choices: { ...chosen, faults: faults ?? needed.faults } }
  const terms = { firstSeed: seed, limit: { seeds }, keepGoing: false }
  const { trials, findings, evidence } = await searchInParallel(searcherHere(subject, signal), terms, {
    listener,
    interrupted: signal,
  })
  const [finding] = findings
  const interrupted = finding === undefined && trials < seeds
  if (finding !== undefined) listener({ type: 'shrinking', seed: finding.seed, cause: causeOf(finding.failure) })
  const { missing = [], undecided } = evidence
  return {
    trials,
    found: finding && foundOf(finding, minimise(subject, finding, { limits: LIMITS, budgetMs: millis(shrinkMs) })),
    vacuous: [
      ...(interrupted ? [`it was ended after ${trials} of ${seeds} trials`] : []),
      ...missing,
      ...(undecided > 0 ? [`${undecided} histories could not be judged`] : []),
    ],
    interrupted,
  }
}

/** Searches on this thread, where nothing can end a protocol that does not return. */
function searcherHere(subject: SearchedProtocol, signal: AbortSignal): Searcher {
  const job: Job<{ readonly first: number; readonly count: number }, SearchResult> = {
    kind: 'search',
    reads: () => [],
    run: async ({ spec, progress }) =>
      searchSeeds(subject, {
        ...spec,
        strategies: usualStrategies,
        limits: LIMITS,
        stopAtFirst: true,
        verifyDeterminism: false,
        stopped: () => isAskedToStop(progress),
      }),
  }
  return {
    width: thisThread.width,
    // Whoever aborts has a turn only between two ranges.
    seedsATask: 1,
    async range(first, count) {
      const end = await thisThread.do(job, { first, count }, { signal, stop: signal })
      return end.type === 'given up'
        ? { type: 'abandoned' }
        : { type: 'done', value: doneOf(end, `the trial of seed ${first}`) }
    },
    stuck: () => Promise.reject(new Error('this thread cannot see that it is stuck')),
  }
}

function refuseUnpromised(
  { protocol, knobs, choices }: Pick<SearchedProtocol, 'protocol' | 'knobs' | 'choices'>,
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

function foundOf(
  { failure, seed, scenario: original }: SeedFailure,
  smallest: SeedFailure['scenario'] | undefined,
): Found {
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
