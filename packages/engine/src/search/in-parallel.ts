import { type Millis, millis, plural } from '@chaosproxy/history'
import {
  type Evidence,
  noEvidence,
  planTrial,
  type SearchResult,
  type SeedFailure,
  strategiesNamed,
  unansweredTexts,
} from '@chaosproxy/simulator'
import { doEach, PoisonousJob, type Pool } from '../jobs/job.ts'
import { searchedIn } from '../worlds/registry.ts'
import { subjectOf } from '../worlds/subject.ts'
import { seedsJob } from './jobs.ts'
import { followRanges, type SearchedRanges } from './searched-ranges.ts'
import { shareSeeds } from './shared-seeds.ts'
import { type SearchEvent, type SearchOutcome, type SearchSpec, trialChoiceOf } from './spec.ts'
import { type Stuck, type Supervised, supervise } from './supervise.ts'
import { createTally, type TallyState } from './tally.ts'
import type { SeedsSpec } from './worker.ts'

interface ParallelHooks {
  readonly listener: (event: Extract<SearchEvent, { readonly type: 'progress' }>) => void
  readonly interrupted: AbortSignal
  readonly before?: SearchState | undefined
  /** Called after each completed range. */
  readonly reached?: ((state: () => SearchState) => void) | undefined
}

export interface Searcher {
  readonly width: number
  /**
   * The number of seeds in a range. The default is small enough for the search to end soon, and so large that
   * distributing the ranges costs little.
   */
  readonly seedsATask?: number | undefined
  /**
   * The number of seeds in a generation. A trial may be a variation of an interesting seed from an earlier generation.
   * Undefined if trials are not variations.
   */
  readonly generation: number | undefined
  /** @param interesting seeds of earlier ranges whose trials reached something new. */
  range(first: number, count: number, interesting: readonly number[]): Promise<Supervised<SearchResult> | Lost>
  /** Returns the finding for a protocol that never returns. */
  stuck(stuck: Stuck): Promise<SeedFailure>
}

interface Lost {
  readonly type: 'lost'
  readonly why: string
}

function generationOf({ strategies, subject }: SearchSpec): number | undefined {
  if (!strategiesNamed(strategies).some(({ varies }) => varies === true)) return undefined
  return searchedIn(subject.target).generation
}

/** Returns a searcher on a pool. `interrupted` stops new seeds, `abandon` ends the threads. */
export const searcherOn = (pool: Pool, spec: SearchSpec, interrupted: AbortSignal, abandon: AbortSignal): Searcher => ({
  width: pool.width,
  generation: generationOf(spec),
  async range(first, count, interesting) {
    try {
      const range = { ...seedsSpec(spec, first, count), ...(interesting.length === 0 ? {} : { interesting }) }
      return await supervise(pool, seedsJob, range, { signal: abandon, stop: interrupted })
    } catch (error) {
      if (error instanceof PoisonousJob) return { type: 'lost', why: error.message }
      throw error
    }
  },
  stuck: (stuck) => stuckFinding(spec, stuck),
})

/** Returns why a search that found nothing proves less than it suggests. */
export function doubtsOf({ trials, evidence: { missing, ...judged }, lost }: SearchOutcome): string[] {
  if (trials === 0) return ['no trial was run', ...lost]
  return [
    ...lost,
    ...(missing ?? []).map((what) => `${what} in any trial`),
    ...unansweredTexts(judged, trials),
    ...(judged.undecided === 0 ? [] : [`${judged.undecided} of ${trials} ${undecidedText(judged)}`]),
    ...(judged.reasons.some(({ reason: { kind } }) => kind === 'time' || kind === 'memory')
      ? ['with fewer --operations, a history takes less time and memory']
      : []),
  ]
}

export const undecidedText = ({ reasons }: Pick<Evidence, 'reasons'>): string =>
  `histories could not be judged: ${reasons.map(({ seed, reason }) => `${reason.text} (seed ${seed})`).join('; ')}`

const SEEDS_A_TASK = 64

/** The progress of a search, to continue it elsewhere or later. Plain data. */
export interface SearchState {
  readonly tally: TallyState
  readonly ranges: SearchedRanges
  readonly elapsedMs: Millis
}

type Terms = Pick<SearchSpec, 'limit' | 'firstSeed' | 'keepGoing'> & Partial<Pick<SearchSpec, 'strategies'>>

/**
 * Distributes seeds in order. If the first failure ends the search, the search still waits for lower seeds in progress,
 * so that the result does not depend on the number of threads. Only a time limit makes the result depend on the
 * machine's speed.
 */
export async function searchInParallel(
  searcher: Searcher,
  { limit, firstSeed, keepGoing, strategies = [] }: Terms,
  hooks: ParallelHooks,
): Promise<SearchOutcome> {
  const { listener, interrupted, before, reached = () => {} } = hooks
  const startedAt = performance.now() - (before?.elapsedMs ?? 0)
  const { seedsATask = SEEDS_A_TASK } = searcher
  const lastSeed = 'seeds' in limit ? firstSeed + limit.seeds : Number.POSITIVE_INFINITY
  const deadline = 'timeMs' in limit ? startedAt + limit.timeMs : Number.POSITIVE_INFINITY
  const tally = createTally(before?.tally)
  const searched = followRanges(seedsATask, before?.ranges ?? { next: firstSeed, beyond: [] })
  /** The results of unfinished ranges. If the search is continued later, it begins these ranges again. */
  const parts: SearchResult[] = []

  function* ranges(): Generator<{ readonly first: number; readonly count: number }> {
    for (let first = firstSeed; first < lastSeed; first += seedsATask) {
      if (searched.has(first)) continue
      if (performance.now() >= deadline || interrupted.aborted) return
      if (!keepGoing && tally.failedBefore(first)) return
      yield { first, count: Math.min(seedsATask, lastSeed - first) }
    }
  }

  const { interestingBefore } = tally
  const { generation } = searcher
  const shared =
    generation === undefined
      ? undefined
      : shareSeeds(firstSeed, { next: searched.next, interestingBefore, generation }, interrupted)

  /**
   * @returns the results for the parts of the range that were searched, and whether the search was interrupted before
   * the end of the range.
   */
  async function searchRange(first: number, count: number): Promise<{ results: SearchResult[]; isLeft: boolean }> {
    if (count <= 0) return { results: [], isLeft: false }
    const interesting = shared === undefined ? [] : await shared.before(first)
    if (interesting === undefined) return { results: [], isLeft: true }
    const end = await searcher.range(first, count, interesting)
    if (end.type === 'done') return { results: [end.value], isLeft: interrupted.aborted && end.value.trials < count }
    if (end.type === 'abandoned') return { results: [], isLeft: true }
    if (end.type === 'lost') {
      tally.lose(end.why)
      return { results: [], isLeft: false }
    }
    // When a thread is ended, its findings are lost. So the earlier seeds of its range are searched again.
    const earlier = await searchRange(first, end.seed - first)
    const stuck = { trials: 1, steps: 0, evidence: noEvidence, findings: [await searcher.stuck(end)], ...NOTHING_ELSE }
    const later = keepGoing ? await searchRange(end.seed + 1, first + count - end.seed - 1) : NOTHING
    return { results: [...earlier.results, stuck, ...later.results], isLeft: earlier.isLeft || later.isLeft }
  }

  function notify(): void {
    const trials = tally.trials()
    const elapsedMs = millis(performance.now() - startedAt)
    const left = Math.min(deadline - performance.now(), ((lastSeed - firstSeed - trials) * elapsedMs) / trials)
    const leftMs = Number.isFinite(left) ? millis(Math.max(0, left)) : undefined
    listener({ type: 'progress', trials, causes: tally.causes(), elapsedMs, leftMs })
  }

  await doEach(searcher.width, ranges(), async ({ first, count }) => {
    const { results, isLeft } = await searchRange(first, count)
    if (isLeft) {
      parts.push(...results)
      return
    }
    for (const result of results) tally.add(result)
    searched.add(first)
    shared?.notify()
    const elapsedMs = millis(performance.now() - startedAt)
    reached(() => ({ tally: tally.state(), ranges: searched.state(), elapsedMs }))
    notify()
  })
  for (const part of parts) tally.add(part)
  if (parts.length > 0) notify()
  const { sum, times, lost } = tally.state()
  const findings = keepGoing ? sum.findings : sum.findings.slice(0, 1)
  const untried = 'timeMs' in limit && findings.length === 0 ? untriedText(sum, strategies) : []
  const elapsedMs = millis(performance.now() - startedAt)
  return { ...sum, findings, lost: [...lost, ...untried], times: new Map(times), elapsedMs }
}

/** Returns a text if the time ended before every strategy had a trial. */
function untriedText({ trials, tried }: SearchResult, strategies: readonly string[]): readonly string[] {
  const all = new Set(strategies).size
  const left = all - Object.keys(tried).length
  if (trials === 0 || left <= 0) return []
  return [
    `the time ended after ${plural(trials, 'trial')}, with no trial of ${left} of ${plural(all, 'strategy', 'strategies')}: give a longer --time, or fewer --operations`,
  ]
}

const NOTHING = { results: [], isLeft: false }
const NOTHING_ELSE = { tried: {}, interesting: [] }

/** Returns the finding for a thread that was ended. It contains no faults, because only the thread knew them. */
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

/** The time limit of the check for repeatability: a third of the search's, so that most remains for trials. */
const checkingMs = ({ limit }: SearchSpec): Millis | null =>
  'timeMs' in limit ? millis(Math.round(limit.timeMs / 3)) : null

const seedsSpec = (spec: SearchSpec, first: number, count: number): SeedsSpec => ({
  subject: spec.subject,
  first,
  count,
  ...trialChoiceOf(spec),
  stopAtFirst: !spec.keepGoing,
  ...(first === spec.firstSeed && searchedIn(spec.subject.target).isChecked
    ? { selfCheck: { mostMs: checkingMs(spec) } }
    : {}),
})
