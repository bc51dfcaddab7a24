import type { Worker } from '../queue/packages.ts'

/** How long to take no job after one that could not be done. After each that follows it, twice as long. */
const RESTS_MS = 3_000
const RESTS_AT_MOST_MS = 12_000

export interface Rest {
  /** Has the workers take no job for a while. Those that they have go on. */
  begin(workers: readonly Worker[]): Promise<void>
  /** A job could be done: the next rest is short again. */
  end(): void
  /** None of the workers is asked to go on any more. */
  close(): void
}

/**
 * What keeps this machine from one job keeps it from the next, too: it would fail at each as soon as that comes, and use up the attempts
 * of jobs that others can do.
 */
export function createRest(): Rest {
  /** Since the last job that could be done. */
  let failures = 0
  let waking: NodeJS.Timeout | undefined
  let isClosed = false
  return {
    async begin(workers) {
      if (isClosed) return
      clearTimeout(waking)
      const restsMs = Math.min(RESTS_MS * 2 ** failures++, RESTS_AT_MOST_MS)
      waking = setTimeout(() => workers.map((worker) => worker.resume()), restsMs)
      await Promise.all(workers.map((worker) => worker.pause(true)))
    },
    end() {
      failures = 0
    },
    close() {
      isClosed = true
      clearTimeout(waking)
    },
  }
}
