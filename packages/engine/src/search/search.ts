import { type Millis, millis, usageError } from '@chaosproxy/history'
import type { ProtocolModule } from '@chaosproxy/protocols'
import { drawnSequence } from '@chaosproxy/report'
import {
  causeOf,
  learnFrom,
  minimise,
  NO_LEVEL,
  printReplay,
  type SearchedProtocol,
  type SearchResult,
  type SeedFailure,
  searchSeeds,
  settingForBug,
  type TrialChoices,
  type TrialLimits,
  unansweredTexts,
  unpromisedOf,
  usualStrategiesOf,
} from '@chaosproxy/simulator'
import { mustStop } from '@chaosproxy/targets/watchdog'
import { doneOf, type Job } from '../jobs/job.ts'
import { thisThread } from '../jobs/this-thread.ts'
import type { ServiceDeclaration } from '../references/services.ts'
import { searchedIn } from '../worlds/registry.ts'
import type { Subject } from '../worlds/world.ts'
import { requireSane, type SubjectSettings, subjectFrom } from './given-subject.ts'
import { type Searcher, searchInParallel, undecidedText } from './in-parallel.ts'
import { requireRepeatable } from './repeatable.ts'
import { showScenario, unpromisedLevel } from './show.ts'

/** The subject and limits of a search; every member has a default. */
export interface SearchSettings
  extends SubjectSettings,
    Pick<TrialChoices, 'faults' | 'clocks' | 'clients' | 'lengthMs' | 'mix'> {
  /** The largest number of trials, each with its own seed; 300 by default. */
  readonly seeds?: number | undefined
  /** The first seed; 1 by default. */
  readonly seed?: number | undefined
  /** The number of nodes. By default, a protocol has three or five, and a service has its own number. */
  readonly nodes?: number | undefined
  /** The number of operations per trial; 60 by default. */
  readonly operations?: number | undefined
  /**
   * The time to minimise a failure, in milliseconds; 1,000 by default. If only few runs fit into this time, minimising
   * takes up to five times as long.
   */
  readonly shrinkMs?: number | undefined
  readonly listener?: ((event: SearchStep) => void) | undefined
  /** When aborted, no further trial begins; the failures so far are minimised. */
  readonly signal?: AbortSignal | undefined
}

/** Progress of a search. */
export type SearchStep =
  | {
      readonly type: 'progress'
      /** The number of finished trials; reported after each trial. */
      readonly trials: number
      readonly causes: number
    }
  | {
      readonly type: 'shrinking'
      /** The seed whose failure is being minimised. */
      readonly seed: number
      readonly cause: string
    }

/** The first failure, minimised. */
export interface Found {
  /**
   * The kind of failure. `violation`: the level is violated. `invariant`: an invariant is broken. `unrecovered`: the
   * protocol answers nothing after healing. `broken`: the protocol throws, floods or never ends.
   */
  readonly kind: 'violation' | 'invariant' | 'unrecovered' | 'broken'
  readonly cause: string
  readonly sentence: string
  readonly seed: number
  readonly operations: number
  readonly faults: number
  /** The content of a file for `chaos replay FILE --protocol YOURS`, or `--program YOURS` for a service. */
  readonly replay: string
  /** A diagram of clients, nodes and faults, in lines of text. */
  readonly drawn: readonly string[]
}

/** The result of a search. */
export interface Searched {
  readonly trials: number
  readonly found: Found | undefined
  /** Reasons why a search that found nothing proves less than it suggests. */
  readonly vacuous: readonly string[]
  /** Whether the signal ended the search before a failure was found or all trials were run. */
  readonly interrupted: boolean
}

const SEARCH_MEMBERS = [
  ...['seeds', 'seed', 'nodes', 'operations', 'shrinkMs', 'listener', 'signal'],
  ...['faults', 'clocks', 'clients', 'lengthMs', 'mix'],
] as const

const MEMORY_BYTES = 256 * 2 ** 20

/**
 * Searches simulated runs of a protocol, or of the user's own Node service, for a failure: a broken promise or
 * invariant, or a program that ends by itself. Runs in virtual time on this thread, and yields after every trial.
 * Deterministic, except for the effects of `shrinkMs` and `signal`.
 *
 * @throws UserError (usage) for an argument that is neither a protocol nor a service, for an unknown name, and, if
 * `level` is missing, for faults under which the protocol promises nothing.
 * @throws UserError (input) for a program that cannot be simulated.
 */
export async function search(
  given: ProtocolModule | ServiceDeclaration,
  settings: SearchSettings = {},
): Promise<Searched> {
  const { seeds = 300, seed = 1, operations = 60, shrinkMs = 1_000, level } = settings
  const {
    faults,
    clocks,
    clients,
    lengthMs,
    mix,
    listener = () => {},
    signal = new AbortController().signal,
  } = settings
  requireSane(settings, SEARCH_MEMBERS, { seeds, nodes: settings.nodes, operations, clients })
  const chosen: TrialChoices = { faults, clocks, clients, lengthMs, mix }
  const { usualNodes, usualFaults, ...named } = await subjectFrom(given, settings)
  if (named.level !== NO_LEVEL && named.start === undefined) refuseUnpromised({ ...named, choices: chosen }, level)
  const needed = settingForBug(named.protocol, named.bug, named.targetSettings)
  const choices = { ...chosen, faults: faults ?? needed.faults ?? usualFaults }
  const subject = { ...named, nodes: settings.nodes ?? usualNodes, operations, choices }
  if (subject.start !== undefined && !signal.aborted)
    await subject.perform(() =>
      requireRepeatable(subject, { first: seed, count: seeds, strategies: strategiesFor(subject), limits: LIMITS }),
    )
  const terms = { firstSeed: seed, limit: { seeds }, keepGoing: false }
  const { trials, findings, evidence } = await searchInParallel(searcherHere(subject, signal), terms, {
    listener,
    interrupted: signal,
  })
  const [finding] = findings
  const interrupted = finding === undefined && trials < seeds
  if (finding !== undefined) listener({ type: 'shrinking', seed: finding.seed, cause: causeOf(finding.failure) })
  const { missing = [], undecided } = evidence
  const found = finding && (await subject.perform(() => foundOf(subject, finding, shrinkMs)))
  await subject.settle()
  return {
    ...{ trials, found },
    vacuous: [
      ...(interrupted ? [`it was ended after ${trials} of ${seeds} trials`] : []),
      ...missing,
      ...unansweredTexts(evidence, trials),
      ...(undecided > 0 ? [`${undecided} ${undecidedText(evidence)}`] : []),
    ],
    interrupted,
  }
}

const strategiesFor = (subject: SearchedProtocol) =>
  usualStrategiesOf(subject.start === undefined ? undefined : subject)

/** Searches on this thread. A protocol that does not return blocks it for ever. */
function searcherHere(subject: Subject, signal: AbortSignal): Searcher {
  const strategies = strategiesFor(subject)
  const reached = learnFrom(subject, [], { strategies, limits: LIMITS })
  const job: Job<{ readonly first: number; readonly count: number }, SearchResult> = {
    kind: 'search',
    reads: () => [],
    run: async ({ spec, progress }) =>
      subject.perform(() =>
        searchSeeds(subject, {
          ...spec,
          ...{ strategies, reached, limits: LIMITS },
          stopAtFirst: true,
          stopped: () => mustStop(progress),
        }),
      ),
  }
  return {
    width: thisThread.width,
    // The caller can abort the search only between two tasks, so each task has a single seed.
    seedsATask: 1,
    generation: undefined,
    async range(first, count) {
      const end = await thisThread.do(job, { first, count }, { signal, stop: signal })
      return end.type === 'given up'
        ? { type: 'abandoned' }
        : { type: 'done', value: doneOf(end, `the trial of seed ${first}`) }
    },
    stuck: () => Promise.reject(new Error('a search in its own thread cannot detect that the thread is stuck')),
  }
}

function refuseUnpromised(
  { protocol, targetSettings, choices }: Pick<SearchedProtocol, 'protocol' | 'targetSettings' | 'choices'>,
  level: string | undefined,
): void {
  const unpromised = unpromisedOf(protocol, targetSettings, choices)
  if (unpromised?.lacks === 'strengths')
    throw usageError(`${unpromised.what}: say in "clocks" how wrong clocks may be.`)
  if (unpromised !== undefined && level === undefined)
    throw usageError(`${unpromised.what}. To check a level nevertheless, name it in "level".`)
}

const LIMITS: TrialLimits = {
  memoryBytes: MEMORY_BYTES,
  now: (): Millis => millis(performance.now()),
  invariants: true,
}

function foundOf(subject: SearchedProtocol, finding: SeedFailure, shrinkMs: number): Found {
  const { failure, seed, scenario: original } = finding
  const isStuck = failure.kind === 'broken' && failure.stuck === true
  const smallest = isStuck ? undefined : minimise(subject, finding, { limits: LIMITS, budgetMs: millis(shrinkMs) })
  const scenario = smallest ?? original
  const cause = causeOf(failure)
  const invariants = failure.kind !== 'violation'
  // A run that does not end is not replayed.
  const isEndless = isStuck || (failure.kind === 'broken' && failure.endless === true)
  const play = isEndless ? undefined : showScenario(subject, scenario, invariants)
  const sentence =
    play?.failure?.kind === failure.kind
      ? play.sentence
      : failure.kind === 'violation'
        ? failure.sentence
        : failure.what
  return {
    kind: failure.kind,
    cause,
    sentence,
    seed,
    operations: scenario.operations.length,
    faults: scenario.faults.length,
    replay: printReplay({
      ...{ scenario, found: `${cause}: ${sentence}`, digest: play?.digest, invariants },
      ...{ level: unpromisedLevel(subject), node: searchedIn(scenario.target).node },
    }),
    drawn: play === undefined ? [] : drawnSequence(play.steps, play.columns),
  }
}
