import type { Life } from '../world/life.ts'

export type Done = (error: Error | null, ...results: unknown[]) => void

/**
 * Runs a job of the thread pool that only computes: it is computed immediately, and its result arrives later, in
 * virtual time.
 */
export function computed(life: Life, work: () => unknown, done: Done): void {
  const result = resultOf(work)
  life.after(life.threadMs(), () => done(...result))
}

/**
 * Runs a job of the thread pool that has an effect. The effect occurs when the job ends, so that the effects of two
 * jobs may occur in either order.
 */
export function acting(life: Life, work: () => unknown, done: Done): void {
  life.after(life.threadMs(), () => done(...resultOf(work)))
}

function resultOf(work: () => unknown): [error: Error | null, result?: unknown] {
  try {
    return [null, work()]
  } catch (error) {
    return [error as Error]
  }
}
