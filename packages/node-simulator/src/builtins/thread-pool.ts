import type { Life } from '../world/life.ts'

export type Done = (error: Error | null, ...results: unknown[]) => void

/** Computes a thread-pool job immediately; its result arrives later, in virtual time. */
export function computed(life: Life, work: () => unknown, done: Done): void {
  const result = resultOf(work)
  life.after(life.threadMs(), () => done(...result))
}

/**
 * Runs a thread-pool job that has an effect. The effect occurs at the end of the job, so two concurrent jobs may take
 * effect in either order.
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
