import { epochMs } from './epoch.ts'

/** A thread's progress, in memory that the pool can read. The time for deciding excludes waiting and reading. */
export interface Stopwatch {
  /**
   * The times (`epochMs`) at which the thread took the task, began to decide, and finished deciding. Each is 0 until
   * then.
   */
  readonly times: Float64Array
}

const STARTED = 0
const DECIDING = 1
const DECIDED = 2

export const createStopwatch = (): Stopwatch => ({
  times: new Float64Array(new SharedArrayBuffer(3 * Float64Array.BYTES_PER_ELEMENT)),
})

export function markStarted({ times }: Stopwatch): void {
  times[STARTED] = epochMs()
}

export function markDeciding({ times }: Stopwatch): void {
  times[DECIDING] = epochMs()
}

/**
 * Records that the verdicts are known. From then on no time limit applies, so slow writing cannot lose the verdicts.
 */
export function markDecided({ times }: Stopwatch): void {
  times[DECIDED] = epochMs()
}

export const isDeciding = ({ times }: Stopwatch): boolean => times[DECIDING] !== 0

export interface Limits {
  /** The time limit from the start of the task until the checker begins to judge the history. */
  readonly readingMs: number
  /** The time from the beginning of deciding until the verdicts are known. */
  readonly decidingMs: number
}

const LOOK_EVERY_MS = 100

/**
 * Calls `over` when a check exceeds one of its limits, unless the returned function was called before. No limit applies
 * before the check starts, or after its verdict is decided.
 */
export function whenOver({ times }: Stopwatch, { readingMs, decidingMs }: Limits, over: () => void): () => void {
  let timer: NodeJS.Timeout
  const look = () => {
    if (times[DECIDED] !== 0) return
    const started = times[STARTED] || epochMs()
    const deciding = times[DECIDING] ?? 0
    const remainingMs = (deciding === 0 ? started + readingMs : deciding + decidingMs) - epochMs()
    if (remainingMs <= 0) over()
    else timer = setTimeout(look, deciding === 0 ? Math.min(LOOK_EVERY_MS, remainingMs) : remainingMs)
  }
  look()
  return () => clearTimeout(timer)
}
