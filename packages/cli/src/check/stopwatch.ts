import { epochMs } from './epoch.ts'

/** How far a thread is with a task, in memory that the pool sees too: what it waits for or reads is not its time to decide. */
export interface Stopwatch {
  /** By `epochMs`: when the thread took the task up, and when it began to decide; 0 before that. */
  readonly times: Float64Array
}

const STARTED = 0
const DECIDING = 1

export const createStopwatch = (): Stopwatch => ({
  times: new Float64Array(new SharedArrayBuffer(2 * Float64Array.BYTES_PER_ELEMENT)),
})

export function markStarted({ times }: Stopwatch): void {
  times[STARTED] = epochMs()
}

export function markDeciding({ times }: Stopwatch): void {
  times[DECIDING] = epochMs()
}

export const isDeciding = ({ times }: Stopwatch): boolean => times[DECIDING] !== 0

export interface Limits {
  /** From when the thread takes the task up until it begins to decide. */
  readonly readingMs: number
  /** From then on. */
  readonly decidingMs: number
}

const LOOK_EVERY_MS = 100

/** Calls back once a limit is over, unless the result is called before. While the thread is starting none is. */
export function whenOver({ times }: Stopwatch, { readingMs, decidingMs }: Limits, over: () => void): () => void {
  let timer: NodeJS.Timeout
  const look = (): void => {
    const started = times[STARTED] || epochMs()
    const deciding = times[DECIDING] ?? 0
    const remainingMs = (deciding === 0 ? started + readingMs : deciding + decidingMs) - epochMs()
    if (remainingMs <= 0) over()
    else timer = setTimeout(look, deciding === 0 ? Math.min(LOOK_EVERY_MS, remainingMs) : remainingMs)
  }
  look()
  return () => clearTimeout(timer)
}
