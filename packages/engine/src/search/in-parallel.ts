import { millis } from '@chaosproxy/history'
import { isService } from '@chaosproxy/node-simulator'
import {
  causeOf,
  noEvidence,
  planTrial,
  type SearchResult,
  type SeedFailure,
  strategiesNamed,
  sumOfEvidence,
} from '@chaosproxy/simulator'
import { doEach, PoisonousJob, type Pool } from '../jobs/job.ts'
import { seedsJob } from './jobs.ts'
import type { SearchEvent, SearchOutcome, SearchSpec } from './spec.ts'
import { subjectOf } from './subject-name.ts'
import { type Stuck, type Supervised, supervise } from './supervise.ts'
import type { SeedsSpec } from './worker.ts'

/** How to follow a search over seeds, and end it. */
interface ParallelHooks {
  readonly listener: (event: Extract<SearchEvent, { readonly type: 'progress' }>) => void
  /** No other trial begins. */
  readonly interrupted: AbortSignal
}

/** What searches ranges of seeds. */
export interface Searcher {
  /** How many at a time. */
  readonly width: number
  /** How many seeds a range has; by default few enough that the search can end soon, and enough that handing them out costs nothing. */
  readonly seedsATask?: number | undefined
  range(first: number, count: number): Promise<Supervised<SearchResult> | Lost>
  /** The finding that a protocol makes which does not return. */
  stuck(stuck: Stuck): Promise<SeedFailure>
}

/** Seeds that could not be searched, and why. */
interface Lost {
  readonly type: 'lost'
  readonly why: string
}

/** Searches on a pool. Once `interrupted` threads begin no other seed; they are ended once `abandon` aborts. */
export const searcherOn = (pool: Pool, spec: SearchSpec, interrupted: AbortSignal, abandon: AbortSignal): Searcher => ({
  width: pool.width,
  async range(first, count) {
    try {
      return await supervise(pool, seedsJob, seedsSpec(spec, first, count), { signal: abandon, stop: interrupted })
    } catch (error) {
      if (error instanceof PoisonousJob) return { type: 'lost', why: error.message }
      throw error
    }
  },
  stuck: (stuck) => stuckFinding(spec, stuck),
})

/** Why a search that found nothing proves less than it seems to; empty if there is no such reason. */
export function doubtsOf({ trials, evidence: { missing, undecided }, lost }: SearchOutcome): string[] {
  if (trials === 0) return ['no trial was run', ...lost]
  return [
    ...lost,
    ...(missing ?? []).map((what) => `${what} in any trial`),
    ...(undecided === 0
      ? []
      : [
          `${undecided} of ${trials} histories could not be judged in the steps and memory a trial has: try fewer --operations`,
        ]),
  ]
}

const SEEDS_A_TASK = 64
/** One is cut down; the others tell how many seeds fail like it. */
const KEPT_OF_A_CAUSE = 100

/**
 * Hands seeds out in order, as many ranges at a time as the searcher can. If the first failure ends the search, it is the
 * one with the lowest seed: lower seeds that are still searched are waited for, so that the answer does not depend on how
 * many are searched at a time.
 */
export async function searchInParallel(
  searcher: Searcher,
  { limit, firstSeed, keepGoing }: Pick<SearchSpec, 'limit' | 'firstSeed' | 'keepGoing'>,
  hooks: ParallelHooks,
): Promise<SearchOutcome> {
  const startedAt = performance.now()
  const { seedsATask = SEEDS_A_TASK } = searcher
  const lastSeed = 'seeds' in limit ? firstSeed + limit.seeds : Number.POSITIVE_INFINITY
  const deadline = 'timeMs' in limit ? startedAt + limit.timeMs : Number.POSITIVE_INFINITY
  const findings: SeedFailure[] = []
  const tried: { [strategy: string]: SearchResult['tried'][string] } = {}
  let trials = 0
  let steps = 0
  let evidence = noEvidence
  const lost: string[] = []
  const times = new Map<string, number>()

  function* ranges(): Generator<{ readonly first: number; readonly count: number }> {
    for (let first = firstSeed; first < lastSeed; first += seedsATask) {
      if (performance.now() >= deadline || hooks.interrupted.aborted) return
      if (!keepGoing && findings.some(({ seed }) => seed < first)) return
      yield { first, count: Math.min(seedsATask, lastSeed - first) }
    }
  }

  async function searchRange(first: number, count: number): Promise<void> {
    if (count <= 0) return
    const end = await searcher.range(first, count)
    if (end.type === 'done') {
      add(end.value)
      return
    }
    if (end.type === 'abandoned') return
    if (end.type === 'lost') {
      lost.push(end.why)
      return
    }
    // The findings of the ended thread are lost with it, so search its earlier seeds again.
    await searchRange(first, end.seed - first)
    add({ trials: 1, steps: 0, evidence: noEvidence, findings: [await searcher.stuck(end)], tried: {} })
    if (keepGoing) await searchRange(end.seed + 1, first + count - end.seed - 1)
  }

  /** Nights of searching find millions: of one cause, those with the lowest seeds are kept, and the others counted. */
  function keep(finding: SeedFailure): void {
    const cause = causeOf(finding.failure)
    const before = times.get(cause) ?? 0
    times.set(cause, before + 1)
    findings.push(finding)
    if (before < KEPT_OF_A_CAUSE) return
    const alike = findings.filter(({ failure }) => causeOf(failure) === cause)
    const last = alike.reduce((one, other) => (other.seed > one.seed ? other : one))
    findings.splice(findings.indexOf(last), 1)
  }

  function add(result: SearchResult): void {
    trials += result.trials
    steps += result.steps
    evidence = sumOfEvidence(evidence, result.evidence)
    for (const finding of result.findings) keep(finding)
    for (const [strategy, { trials, found }] of Object.entries(result.tried)) {
      const before = tried[strategy] ?? { trials: 0, found: 0 }
      tried[strategy] = { trials: before.trials + trials, found: before.found + found }
    }
    const elapsedMs = millis(performance.now() - startedAt)
    const left = Math.min(deadline - performance.now(), ((lastSeed - firstSeed - trials) * elapsedMs) / trials)
    const leftMs = Number.isFinite(left) ? millis(Math.max(0, left)) : undefined
    hooks.listener({ type: 'progress', trials, causes: times.size, elapsedMs, leftMs })
  }

  await doEach(searcher.width, ranges(), ({ first, count }) => searchRange(first, count))
  findings.sort((one, other) => one.seed - other.seed)
  const kept = keepGoing ? findings : findings.slice(0, 1)
  const elapsedMs = millis(performance.now() - startedAt)
  return { trials, steps, evidence, findings: kept, times, lost, tried, elapsedMs }
}

/** Only the ended thread knew which faults were injected, so the scenario is the plan without them. */
async function stuckFinding(
  { subject, strategies: names }: SearchSpec,
  { seed, what, mistake, trace }: Stuck,
): Promise<SeedFailure> {
  const chosen = strategiesNamed(names)
  const strategy = chosen[seed % chosen.length]
  if (strategy === undefined) throw new RangeError('a search needs a strategy')
  const { scenario } = planTrial(await subjectOf(subject), strategy, seed)
  return { seed, strategy: strategy.name, failure: { kind: 'broken', what, mistake, trace, stuck: true }, scenario }
}

const seedsSpec = (spec: SearchSpec, first: number, count: number): SeedsSpec => ({
  subject: spec.subject,
  first,
  count,
  strategies: spec.strategies,
  invariants: spec.invariants,
  verifyDeterminism: spec.verifyDeterminism,
  stopAtFirst: !spec.keepGoing,
  ...(first === spec.firstSeed && isService(spec.subject.target) ? { selfCheck: true } : {}),
})
