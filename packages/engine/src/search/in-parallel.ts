import { millis } from '@chaosproxy/history'
import {
  causeOf,
  type Finding,
  noEvidence,
  planTrial,
  type SearchResult,
  strategiesNamed,
  sumOfEvidence,
} from '@chaosproxy/simulator'
import type { Threads } from '../threads.ts'
import type { Flag } from './pulse.ts'
import type { SearchEvent, SearchOutcome, SearchSpec } from './spec.ts'
import { subjectOf } from './subject-name.ts'
import { type Stuck, supervise } from './supervise.ts'
import type { SeedsTask } from './worker.ts'

interface ParallelHooks {
  readonly listener: (event: SearchEvent) => void
  /** No other trial begins. */
  readonly interrupted: AbortSignal
  /** Aborts if the threads have not ended soon after an interrupt. */
  readonly abandon: AbortSignal
  /** Raised by an interrupt: threads begin no other seed. */
  readonly stop: Flag
}

/** Why a search that found nothing proves less than it seems to; empty if there is no such reason. */
export function doubtsOf({ trials, evidence: { missing, undecided } }: SearchOutcome): string[] {
  if (trials === 0) return ['no trial was run']
  return [
    ...(missing ?? []).map((what) => `${what} in any trial`),
    ...(undecided === 0
      ? []
      : [
          `${undecided} of ${trials} histories could not be judged in the steps and memory a trial has: try fewer --operations`,
        ]),
  ]
}

/** Few enough that the search can stop soon at any time, and enough that handing them out costs nothing. */
const SEEDS_A_TASK = 64

/**
 * Hands seeds to all threads in order. If the first failure ends the search, it is the one with the lowest seed:
 * threads still busy with lower seeds are waited for, so that the answer does not depend on the number of threads.
 */
export async function searchInParallel(pool: Threads, spec: SearchSpec, hooks: ParallelHooks): Promise<SearchOutcome> {
  const startedAt = performance.now()
  const { limit, firstSeed, keepGoing } = spec
  const lastSeed = 'seeds' in limit ? firstSeed + limit.seeds : Number.POSITIVE_INFINITY
  const deadline = 'timeMs' in limit ? startedAt + limit.timeMs : Number.POSITIVE_INFINITY
  const findings: Finding[] = []
  const tried: { [strategy: string]: SearchResult['tried'][string] } = {}
  let trials = 0
  let steps = 0
  let evidence = noEvidence
  let next = firstSeed
  const isOver = () =>
    next >= lastSeed ||
    performance.now() >= deadline ||
    hooks.interrupted.aborted ||
    (!keepGoing && findings.some(({ seed }) => seed < next))

  async function work(): Promise<void> {
    while (!isOver()) {
      const first = next
      const count = Math.min(SEEDS_A_TASK, lastSeed - first)
      next += count
      await searchRange(first, count)
    }
  }

  async function searchRange(first: number, count: number): Promise<void> {
    if (count <= 0) return
    const end = await supervise<SearchResult>(pool, 'search', taskFor(spec, first, count, hooks.stop), hooks.abandon)
    if (end.type === 'done') {
      add(end.value)
      return
    }
    if (end.type === 'abandoned') return
    // The findings of the ended thread are lost with it, so search its earlier seeds again.
    await searchRange(first, end.seed - first)
    add({ trials: 1, steps: 0, evidence: noEvidence, findings: [await stuckFinding(spec, end)], tried: {} })
    if (keepGoing) await searchRange(end.seed + 1, first + count - end.seed - 1)
  }

  function add(result: SearchResult): void {
    trials += result.trials
    steps += result.steps
    evidence = sumOfEvidence(evidence, result.evidence)
    for (const finding of result.findings) findings.push(finding)
    for (const [strategy, { trials, found }] of Object.entries(result.tried)) {
      const before = tried[strategy] ?? { trials: 0, found: 0 }
      tried[strategy] = { trials: before.trials + trials, found: before.found + found }
    }
    hooks.listener({
      type: 'progress',
      trials,
      causes: new Set(findings.map(({ failure }) => causeOf(failure))).size,
    })
  }

  await Promise.all(Array.from({ length: spec.workers }, work))
  findings.sort((one, other) => one.seed - other.seed)
  const kept = keepGoing ? findings : findings.slice(0, 1)
  return { trials, steps, evidence, findings: kept, tried, elapsedMs: millis(performance.now() - startedAt) }
}

/** Only the ended thread knew which faults were injected, so the scenario is the plan without them. */
async function stuckFinding(
  { subject, strategies: names }: SearchSpec,
  { seed, what, mistake, trace }: Stuck,
): Promise<Finding> {
  const chosen = strategiesNamed(names)
  const strategy = chosen[seed % chosen.length]
  if (strategy === undefined) throw new RangeError('a search needs a strategy')
  const { scenario } = planTrial(await subjectOf(subject), strategy, seed)
  return { seed, strategy: strategy.name, failure: { kind: 'broken', what, mistake, trace, stuck: true }, scenario }
}

const taskFor = (spec: SearchSpec, first: number, count: number, stop: Flag): SeedsTask => ({
  subject: spec.subject,
  first,
  count,
  strategies: spec.strategies,
  invariants: spec.invariants,
  verifyDeterminism: spec.verifyDeterminism,
  stopAtFirst: !spec.keepGoing,
  stop,
})
