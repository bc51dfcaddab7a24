import { setMaxListeners } from 'node:events'
import { type Millis, millis } from '@chaosproxy/history'
import { NO_LEVEL } from '@chaosproxy/simulator'
import { abandonedAfter, firstOf, GRACE_MS } from '../jobs/interruption.ts'
import type { Pool } from '../jobs/job.ts'
import type { Priority } from '../queue/board.ts'
import { makeOutDirectory } from '../run-directory.ts'
import type { Continued } from './campaign.ts'
import { searcherOn, searchInParallel } from './in-parallel.ts'
import { guideJob } from './jobs.ts'
import { createSearchPool } from './pool.ts'
import { type Result, resultsOf } from './results.ts'
import type { SearchEvent, SearchOutcome, SearchSpec } from './spec.ts'
import { supervise } from './supervise.ts'

export interface SearchHooks {
  readonly listener?: ((event: SearchEvent) => void) | undefined
  /** When aborted, no further trial begins; the failures so far are minimised. */
  readonly signal?: AbortSignal | undefined
  readonly queue?: string | undefined
  readonly priority?: Priority | undefined
  /** The name under which Redis stores the search, to continue it. */
  readonly campaign?: string | undefined
}

export interface SearchEnd {
  readonly outcome: SearchOutcome
  /** One result for each cause. */
  readonly results: readonly Result[]
  /** The time spent on minimising, which does not count as search time. */
  readonly shrinkMs: Millis
}

/**
 * Searches on all threads, and stores one minimised failure of each cause as a replay file and history.
 *
 * @throws UserError (environment) if the directory is not writable, or the queue does not exist.
 */
export async function searchAndShrink(spec: SearchSpec, hooks: SearchHooks = {}): Promise<SearchEnd> {
  const { listener = () => {}, signal = new AbortController().signal } = hooks
  makeOutDirectory(spec.out)
  const pool = await poolFor(spec, hooks, listener)
  const continued = await campaignOf(spec, hooks, listener).catch(async (error) => {
    await pool.close()
    throw error
  })
  const before = continued?.before
  const abandon = abandonedAfter(signal, GRACE_MS)
  const { signal: over, release } = firstOf(signal, clockOf(spec, before?.elapsedMs))
  // Node would otherwise warn about many listeners, because each task of a thread adds one.
  setMaxListeners(0, signal, abandon)
  try {
    const outcome = await searchInParallel(searcherOn(pool, spec, over, abandon), spec, {
      listener,
      interrupted: continued?.isOver === true ? AbortSignal.abort() : over,
      before,
      reached: continued?.reached,
    })
    await continued?.end(!signal.aborted)
    const shrinkFrom = performance.now()
    const followed = signal.aborted ? outcome : await followUp(pool, spec, outcome, { listener, interrupted: signal })
    listener({ type: 'shrinking', outcome: followed })
    const results = await resultsOf(pool, spec, followed, { interrupted: signal, abandon })
    for (const { files } of results) if (files !== undefined) listener({ type: 'written', ...files })
    return { outcome, results, shrinkMs: millis(performance.now() - shrinkFrom) }
  } finally {
    release()
    continued?.close()
    await pool.close()
  }
}

async function campaignOf(
  spec: SearchSpec,
  { queue, campaign }: SearchHooks,
  listener: (event: SearchEvent) => void,
): Promise<Continued | undefined> {
  if (queue === undefined || campaign === undefined) return undefined
  const { continueCampaign } = await import('./campaign.ts')
  const continued = await continueCampaign(queue, campaign, spec)
  const { before, isOver } = continued
  if (before !== undefined) {
    const { sum, times } = before.tally
    const { trials } = sum
    listener({ type: 'continued', campaign, trials, causes: times.length, elapsedMs: before.elapsedMs, isOver })
  }
  return continued
}

/** The longest delay of a timer in Node. A longer time limit has no timer, and is checked after each range of seeds. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * How long threads that are testing seeds may continue after the time limit. This is enough time for a thread to start.
 * Most threads end earlier.
 */
const OVERTIME_MS = 5_000

function clockOf({ limit }: SearchSpec, elapsedMs = 0): AbortSignal | undefined {
  if (!('timeMs' in limit)) return undefined
  const leftMs = Math.max(0, Math.round(limit.timeMs - elapsedMs)) + OVERTIME_MS
  return leftMs <= LONGEST_TIMER_MS ? AbortSignal.timeout(leftMs) : undefined
}

/** Returns the pool of a search. Imports the queue on demand, because few users have its packages. */
async function poolFor(
  { workers, subject }: SearchSpec,
  { queue, priority }: SearchHooks,
  listener: (event: SearchEvent) => void,
): Promise<Pool> {
  if (queue === undefined) return createSearchPool(workers)
  const [{ openQueuePool }, { requireNoProgram }, { searchKinds }] = await Promise.all([
    import('../queue/pool.ts'),
    import('../queue/parcel.ts'),
    import('./queue-kinds.ts'),
  ])
  requireNoProgram([subject.target, subject.workload])
  return openQueuePool(queue, createSearchPool(workers), { kinds: searchKinds, listener, priority })
}

/**
 * The time limit for finding a violation that clients can observe. If there is one, it is mostly found within a few
 * seconds.
 */
const BUDGET_MS = millis(20_000)

interface FollowHooks {
  readonly listener: (event: SearchEvent) => void
  readonly interrupted: AbortSignal
}

/** Searches for a violation that clients observe, if trials only broke invariants. */
async function followUp(
  pool: Pool,
  spec: SearchSpec,
  outcome: SearchOutcome,
  { listener, interrupted }: FollowHooks,
): Promise<SearchOutcome> {
  const broken = outcome.findings.find(({ failure }) => failure.kind === 'invariant')
  const seen = outcome.findings.some(({ failure }) => failure.kind === 'violation')
  if (!spec.guide || broken === undefined || seen || spec.subject.level === NO_LEVEL) return outcome
  listener({ type: 'guiding', seed: broken.seed })
  const { subject, strategies } = spec
  const guide = { subject, strategies, finding: broken, budgetMs: BUDGET_MS }
  const end = await supervise(pool, guideJob, guide, { signal: abandonedAfter(interrupted, 0) })
  if (end.type !== 'done' || end.value === undefined) return outcome
  return { ...outcome, findings: [...outcome.findings, end.value] }
}
