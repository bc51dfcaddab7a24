import { setMaxListeners } from 'node:events'
import type { Pool } from '../jobs/job.ts'
import { makeOutDirectory } from '../run/directory.ts'
import { abandonedAfter, GRACE_MS } from '../run/interruption.ts'
import { followUp } from './follow-up.ts'
import { searcherOn, searchInParallel } from './in-parallel.ts'
import { createSearchPool } from './pool.ts'
import { type Result, resultsOf } from './results.ts'
import type { SearchEvent, SearchOutcome, SearchSpec } from './spec.ts'

/** How to follow a search, and end it early. */
export interface SearchHooks {
  readonly listener?: ((event: SearchEvent) => void) | undefined
  /** Begins no other trial; what was found until then is cut down. */
  readonly signal?: AbortSignal | undefined
  /** The address of a Redis: workers on other machines take the jobs from its queue. */
  readonly queue?: string | undefined
}

/** A search that is over. */
export interface SearchEnd {
  readonly outcome: SearchOutcome
  /** One for each cause. */
  readonly results: readonly Result[]
}

/**
 * Searches on all threads, cuts down one failure of each cause, and keeps it as a file to replay and its history.
 *
 * @throws UserError (environment) if nothing can be written there, or there is no such queue.
 */
export async function searchAndShrink(spec: SearchSpec, hooks: SearchHooks = {}): Promise<SearchEnd> {
  const { listener = () => {}, signal = new AbortController().signal, queue } = hooks
  makeOutDirectory(spec.out)
  const pool = await poolFor(spec, queue, listener)
  const abandon = abandonedAfter(signal, GRACE_MS)
  // Each thread's task listens.
  setMaxListeners(0, signal, abandon)
  try {
    const outcome = await searchInParallel(searcherOn(pool, spec, signal, abandon), spec, {
      listener,
      interrupted: signal,
    })
    const followed = signal.aborted ? outcome : await followUp(pool, spec, outcome, { listener, interrupted: signal })
    listener({ type: 'shrinking', outcome: followed })
    const results = await resultsOf(pool, spec, followed, { interrupted: signal, abandon })
    for (const { files } of results) if (files !== undefined) listener({ type: 'written', ...files })
    return { outcome, results }
  } finally {
    await pool.close()
  }
}

/** The packages of a queue are loaded only when it is asked for: few have installed them. */
async function poolFor(
  { workers, subject }: SearchSpec,
  queue: string | undefined,
  listener: (event: SearchEvent) => void,
): Promise<Pool> {
  if (queue === undefined) return createSearchPool(workers)
  const [{ openQueuePool }, { requireNoProgram }] = await Promise.all([
    import('../queue/pool.ts'),
    import('../queue/parcel.ts'),
  ])
  requireNoProgram([subject.target, subject.workload])
  return openQueuePool(queue, createSearchPool(workers), listener)
}
