import { setImmediate } from 'node:timers/promises'
import type { Millis } from '@chaosproxy/history'
import { outsidePromises } from '@chaosproxy/node-simulator'
import type { Scenario } from '@chaosproxy/runner'
import {
  guide,
  learnFrom,
  minimise,
  type SearchedProtocol,
  type SearchResult,
  type SeedFailure,
  SIMULATED,
  searchSeeds,
  strategiesNamed,
} from '@chaosproxy/simulator'
import { beginUnit, isAskedToStop, type Progress } from '@chaosproxy/targets/watchdog'
import type { Task } from '../jobs/job.ts'
import { type Simulated, type SimulateSpec, simulateSpec } from '../run/simulate-task.ts'
import { limitsFor, playSimulated, type SimulatedPlay } from './play.ts'
import { requireRepeatable } from './service-subject.ts'
import { guardedProtocol, type SubjectName, subjectOf } from './subject-name.ts'
import { toCaller } from './user-mistake.ts'
import { watchedProtocol, watchedTurns } from './watched-protocol.ts'

/** A range of seeds for one thread. */
export interface SeedsSpec {
  readonly subject: SubjectName
  readonly first: number
  readonly count: number
  readonly strategies: readonly string[]
  readonly invariants: boolean
  readonly verifyDeterminism: boolean
  readonly stopAtFirst: boolean
  /** Seeds of earlier ranges whose trials reached something new. */
  readonly interesting?: readonly number[] | undefined
  /** Whether to check first that programs behave alike whenever they are run. */
  readonly selfCheck?: boolean | undefined
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
}

export async function search({ spec, progress }: Task<SeedsSpec>): Promise<SearchResult> {
  const { first, count, stopAtFirst, verifyDeterminism, interesting = [] } = spec
  const subject = await watchedSubject(spec, progress)
  const [strategies, limits] = [strategiesNamed(spec.strategies), limitsFor(spec.invariants)]
  if (spec.selfCheck === true && subject.start !== undefined)
    await settled(() => requireRepeatable(subject, { first, count, strategies, limits }))
  beginUnit(progress, first)
  return settled(() =>
    searchSeeds(subject, {
      ...{ first, count, stopAtFirst, verifyDeterminism, strategies, limits },
      learnt: interesting.length === 0 ? undefined : learnt(subject, spec, interesting),
      stopped: () => isAskedToStop(progress),
      begins: (seed) => beginUnit(progress, seed),
    }),
  )
}

/** What a thread learnt from interesting seeds serves for all ranges that begin with them. */
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
  return settled(() => minimise(subject, finding, { limits: limitsFor(invariants), budgetMs }))
}

export async function guideFinding({ spec, progress }: Task<GuideSpec>): Promise<SeedFailure | undefined> {
  const { finding, budgetMs } = spec
  const subject = await watchedSubject(spec, progress)
  return settled(() =>
    guide(subject, finding, { strategies: strategiesNamed(spec.strategies), limits: limitsFor(true), budgetMs }),
  )
}

export async function play({ spec, progress }: Task<PlaySpec>): Promise<SimulatedPlay> {
  const { scenario, invariants } = spec
  const subject = await watchedSubject(spec, progress)
  return settled(() => playSimulated(subject, scenario, limitsFor(invariants)))
}

export async function simulateRun({ spec, progress }: Task<SimulateSpec>): Promise<Simulated> {
  const file = spec.spec.target.name.slice(SIMULATED.length)
  const protocol = watchedProtocol(await guardedProtocol(file), progress)
  const simulated = await simulateSpec(spec, protocol, () => isAskedToStop(progress))
  return settled(() => simulated)
}

/**
 * Waits for promises that steps left behind: a rejected one must end this thread before its task is done, to be
 * reported. The work is done where programs can be run, outside of promises.
 */
async function settled<T>(work: () => T): Promise<T> {
  const result = await outsidePromises(work).catch(toCaller)
  await setImmediate()
  return result
}

async function watchedSubject(
  { subject }: { readonly subject: SubjectName },
  progress: Progress,
): Promise<SearchedProtocol> {
  const named = await subjectOf(subject, watchedTurns(progress)).catch(toCaller)
  return named.start !== undefined ? named : { ...named, protocol: watchedProtocol(named.protocol, progress) }
}
