import { type Millis, millis } from '@chaos/history'
import type { Scenario } from '@chaos/runner'
import { type Finding, minimise, type SearchResult, searchSeeds, strategies, type TrialLimits } from '@chaos/simulator'
import { type SubjectName, subjectOf } from './subject-name.ts'

/** Some seeds for one thread. */
export interface SeedsTask {
  readonly subject: SubjectName
  readonly first: number
  readonly count: number
  readonly strategies: readonly string[]
  readonly invariants: boolean
  readonly verifyDeterminism: boolean
  readonly stopAtFirst: boolean
}

export interface MinimiseTask {
  readonly subject: SubjectName
  readonly finding: Finding
  readonly invariants: boolean
  readonly budgetMs: Millis
}

const CHECK_MS = millis(2_000)
const CHECK_MEMORY_BYTES = 256 * 2 ** 20

export const limitsFor = (invariants: boolean): TrialLimits => ({
  checkMs: CHECK_MS,
  memoryBytes: CHECK_MEMORY_BYTES,
  now: () => millis(performance.now()),
  invariants,
})

export async function search(task: SeedsTask): Promise<SearchResult> {
  const { first, count, stopAtFirst, verifyDeterminism } = task
  return searchSeeds(await subjectOf(task.subject), {
    first,
    count,
    stopAtFirst,
    verifyDeterminism,
    strategies: strategies.filter(({ name }) => task.strategies.includes(name)),
    limits: limitsFor(task.invariants),
  })
}

export async function minimiseFinding(task: MinimiseTask): Promise<Scenario | undefined> {
  const { finding, invariants, budgetMs } = task
  return minimise(await subjectOf(task.subject), finding, { limits: limitsFor(invariants), budgetMs })
}
