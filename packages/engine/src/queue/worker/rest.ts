import type { Worker } from '../packages.ts'

/** The pause after a job that could not be run. Each further failure doubles the pause. */
const RESTS_MS = 3_000
const RESTS_AT_MOST_MS = 12_000

export interface Rest {
  /** Pauses the workers for some seconds. Jobs in progress continue. */
  begin(workers: readonly Worker[]): Promise<void>
  /** Called when a job has run. Resets the next pause to the shortest pause. */
  end(): void
  close(): void
}

/**
 * Pauses the workers of a machine that cannot run a job. It would probably fail the next jobs too, and use up their
 * attempts.
 */
export function createRest(): Rest {
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
