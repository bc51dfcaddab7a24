import { epochMs } from './epoch.ts'

/**
 * A thread's progress with a task, in memory that the pool can read. Waiting and reading do not count as time to
 * decide.
 */
export interface Stopwatch {
  /**
   * Times by `epochMs`, 0 until they are reached: when the thread took up the task, began to decide, and had decided.
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

/** Marks the verdicts as known, so that none is lost while they are being written. */
export function markDecided({ times }: Stopwatch): void {
  times[DECIDED] = epochMs()
}

export const isDeciding = ({ times }: Stopwatch): boolean => times[DECIDING] !== 0

export interface Limits {
  /** From taking up the task until beginning to decide. */
  readonly readingMs: number
  /** From then until the verdicts are known. */
  readonly decidingMs: number
}

const LOOK_EVERY_MS = 100

/**
 * Calls back once a limit is exceeded; call the result to stop watching. No limit applies while the thread is
 * starting, nor once it has decided.
 */
export function whenOver({ times }: Stopwatch, { readingMs, decidingMs }: Limits, over: () => void): () => void {
  let timer: NodeJS.Timeout
  const look = (): void => {
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
