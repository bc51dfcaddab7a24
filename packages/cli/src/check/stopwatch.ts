import { epochMs } from './epoch.ts'

/** How far a thread is with a task, in memory that the pool sees too: what it waits for or reads is not its time to decide. */
export interface Stopwatch {
  /** By `epochMs`: when the thread took the task up, when it began to decide, and when it had; 0 before that. */
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

/** The verdicts are known: none is given up while they are written down. */
export function markDecided({ times }: Stopwatch): void {
  times[DECIDED] = epochMs()
}

export const isDeciding = ({ times }: Stopwatch): boolean => times[DECIDING] !== 0

export interface Limits {
  /** From when the thread takes the task up until it begins to decide. */
  readonly readingMs: number
  /** From then on. */
  readonly decidingMs: number
}

const LOOK_EVERY_MS = 100

/**
 * Calls back once a limit is over, unless the result is called before. None is while the thread is
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
