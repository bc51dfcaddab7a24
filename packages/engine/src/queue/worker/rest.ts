import type { Worker } from '../packages.ts'

/** How long to take no job after one that could not be run; doubled for each one that follows. */
const RESTS_MS = 3_000
const RESTS_AT_MOST_MS = 12_000

export interface Rest {
  /** Keeps the workers from taking a job for a while. They finish those in progress. */
  begin(workers: readonly Worker[]): Promise<void>
  /** A job could be run: the next rest is short again. */
  end(): void
  /** Resumes none of the workers any more. */
  close(): void
}

/**
 * Whatever keeps this machine from running one job keeps it from running the next, too: it would fail at each
 * immediately, and use up the attempts of jobs that other machines can run.
 */
export function createRest(): Rest {
  /** Since the last job that could be run. */
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
