import { setImmediate } from 'node:timers/promises'
import type { Millis } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import {
  type Finding,
  guide,
  minimise,
  type SearchResult,
  SIMULATED,
  type Subject,
  searchSeeds,
  strategiesNamed,
} from '@chaosproxy/simulator'
import { type Simulated, type SimulateTask, simulateSpec } from '../run/simulate-task.ts'
import { limitsFor, playSimulated, type SimulatedPlay } from './play.ts'
import { beginSeed, type Flag, isRaised, type Pulse, withPulse } from './pulse.ts'
import { guardedProtocol, type SubjectName, subjectOf } from './subject-name.ts'

/** A range of seeds for one thread. */
export interface SeedsTask {
  readonly subject: SubjectName
  readonly first: number
  readonly count: number
  readonly strategies: readonly string[]
  readonly invariants: boolean
  readonly verifyDeterminism: boolean
  readonly stopAtFirst: boolean
  readonly stop: Flag
}

export interface GuideTask {
  readonly subject: SubjectName
  readonly finding: Finding
  readonly strategies: readonly string[]
  readonly budgetMs: Millis
}

/** Where a thread reports its progress to the main one. */
interface Watched {
  readonly pulse: Pulse
}

export interface MinimiseTask {
  readonly subject: SubjectName
  readonly finding: Finding
  readonly invariants: boolean
  readonly budgetMs: Millis
}

export interface PlayTask {
  readonly subject: SubjectName
  readonly scenario: Scenario
  readonly invariants: boolean
}

export async function search(task: SeedsTask & Watched): Promise<SearchResult> {
  const { first, count, stopAtFirst, verifyDeterminism } = task
  return settled(
    searchSeeds(await watchedSubject(task), {
      first,
      count,
      stopAtFirst,
      verifyDeterminism,
      strategies: strategiesNamed(task.strategies),
      limits: limitsFor(task.invariants),
      stopped: () => isRaised(task.stop),
      begins: (seed) => beginSeed(task.pulse, seed),
    }),
  )
}

export async function minimiseFinding(task: MinimiseTask & Watched): Promise<Scenario | undefined> {
  const { finding, invariants, budgetMs } = task
  return settled(minimise(await watchedSubject(task), finding, { limits: limitsFor(invariants), budgetMs }))
}

export async function guideFinding(task: GuideTask & Watched): Promise<Finding | undefined> {
  const { finding, budgetMs } = task
  return guide(await watchedSubject(task), finding, {
    strategies: strategiesNamed(task.strategies),
    limits: limitsFor(true),
    budgetMs,
  })
}

export async function play({ scenario, invariants, ...task }: PlayTask & Watched): Promise<SimulatedPlay> {
  return settled(playSimulated(await watchedSubject(task), scenario, limitsFor(invariants)))
}

export async function simulateRun({ pulse, ...task }: SimulateTask & Watched): Promise<Simulated> {
  const file = task.spec.target.name.slice(SIMULATED.length)
  return settled(await simulateSpec(task, withPulse(await guardedProtocol(file), pulse)))
}

/**
 * Waits for promises that steps left behind: a rejected one must end this thread before its task is done, to be
 * reported.
 */
async function settled<T>(result: T): Promise<T> {
  await setImmediate()
  return result
}

async function watchedSubject({ subject, pulse }: { readonly subject: SubjectName } & Watched): Promise<Subject> {
  const named = await subjectOf(subject)
  return { ...named, protocol: withPulse(named.protocol, pulse) }
}
