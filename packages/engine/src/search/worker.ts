import type { Millis } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import {
  guide,
  learnFrom,
  minimise,
  type SearchedProtocol,
  type SearchResult,
  type SeedFailure,
  searchSeeds,
  strategiesNamed,
} from '@chaosproxy/simulator'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { beginUnit, mustStop, type Progress } from '@chaosproxy/targets/watchdog'
import type { Task } from '../jobs/job.ts'
import { limitsFor, playSimulated, type SimulatedPlay } from '../worlds/play.ts'
import { searchedIn } from '../worlds/registry.ts'
import type { Simulated, SimulateSpec } from '../worlds/simulated-run.ts'
import { subjectOf } from '../worlds/subject.ts'
import type { SubjectName } from '../worlds/subject-name.ts'
import type { Subject } from '../worlds/world.ts'
import { requireRepeatable } from './repeatable.ts'
import type { TrialChoice } from './spec.ts'
import { toCaller } from './user-mistake.ts'

export interface SeedsSpec extends TrialChoice {
  readonly subject: SubjectName
  readonly first: number
  readonly count: number
  readonly stopAtFirst: boolean
  /** Seeds of earlier ranges that reached something new. */
  readonly interesting?: readonly number[] | undefined
  /** How long to check repeatability before the search; null for no limit. */
  readonly selfCheck?: { readonly mostMs: Millis | null } | undefined
}

export interface GuideSpec {
  readonly subject: SubjectName
  readonly finding: SeedFailure
  readonly strategies: readonly string[]
  readonly budgetMs: Millis
}

export interface MinimiseSpec {
  readonly subject: SubjectName
  readonly finding: SeedFailure
  readonly invariants: boolean
  readonly budgetMs: Millis
}

export interface PlaySpec {
  readonly subject: SubjectName
  readonly scenario: Scenario
  readonly invariants: boolean
  /** Whether to play a program's failure once more, to find out which lines ran. */
  readonly follows: boolean
}

export async function search({ spec, progress }: Task<SeedsSpec>): Promise<SearchResult> {
  const { first, count, selfCheck, interesting = [] } = spec
  const startedAt = performance.now()
  const subject = await watchedSubject(spec, progress)
  const [strategies, limits] = [strategiesNamed(spec.strategies), limitsFor(spec.invariants)]
  const stopped = () => mustStop(progress)
  if (selfCheck !== undefined && subject.start !== undefined) {
    await settled(subject, () =>
      requireRepeatable(subject, {
        first,
        count,
        strategies,
        limits,
        stopped,
        share: () => (performance.now() - startedAt) / (selfCheck.mostMs ?? Number.POSITIVE_INFINITY),
      }),
    )
  }
  beginUnit(progress, first)
  return settled(subject, () =>
    searchSeeds(subject, {
      ...{ ...spec, strategies, limits },
      learnt: interesting.length === 0 ? undefined : learnt(subject, spec, interesting),
      stopped,
      begins: (seed) => beginUnit(progress, seed),
    }),
  )
}

/** Caches the last computed coverage of `interesting` seeds, because tasks for later ranges may have the same seeds. */
let known: { readonly name: string; readonly coverage: ReturnType<typeof learnFrom> } | undefined

function learnt(
  subject: SearchedProtocol,
  { subject: named, strategies, invariants }: SeedsSpec,
  seeds: readonly number[],
): ReturnType<typeof learnFrom> {
  const name = JSON.stringify([named, strategies, invariants, seeds])
  if (known?.name !== name) {
    const limits = limitsFor(invariants)
    known = { name, coverage: learnFrom(subject, seeds, { strategies: strategiesNamed(strategies), limits }) }
  }
  return known.coverage
}

export async function minimiseFinding({ spec, progress }: Task<MinimiseSpec>): Promise<Scenario | undefined> {
  const { finding, invariants, budgetMs } = spec
  const subject = await watchedSubject(spec, progress)
  return settled(subject, () => minimise(subject, finding, { limits: limitsFor(invariants), budgetMs }))
}

export async function guideFinding({ spec, progress }: Task<GuideSpec>): Promise<SeedFailure | undefined> {
  const { finding, budgetMs } = spec
  const subject = await watchedSubject(spec, progress)
  return settled(subject, () =>
    guide(subject, finding, { strategies: strategiesNamed(spec.strategies), limits: limitsFor(true), budgetMs }),
  )
}

export async function play({ spec, progress }: Task<PlaySpec>): Promise<SimulatedPlay> {
  const { scenario, invariants } = spec
  const subject = await watchedSubject(spec, progress)
  const played = await settled(subject, () => playSimulated(subject, scenario, limitsFor(invariants)))
  const { events, failure } = played
  if (!spec.follows || failure === undefined) return played
  const ran = await subject.follow?.({ scenario, invariants, events }).catch(toCaller)
  return { ...played, ran }
}

export async function simulateRun({ spec, progress }: Task<SimulateSpec>): Promise<Simulated> {
  const world = await searchedIn(spec.spec.target.name.slice(SIMULATED.length)).open()
  return world.run(spec, progress).catch(toCaller)
}

/**
 * Performs the work, and waits for all that it has started. The task fails if a promise is rejected meanwhile, or if a
 * program continues to run.
 */
async function settled<T>(subject: Subject, work: () => T): Promise<T> {
  const result = await subject.perform(work).catch(toCaller)
  await subject.settle().catch(toCaller)
  return result
}

const watchedSubject = ({ subject }: { readonly subject: SubjectName }, progress: Progress): Promise<Subject> =>
  subjectOf(subject, { progress }).catch(toCaller)
