import { setMaxListeners } from 'node:events'

/** How long work in progress may continue after an interrupt. */
export const GRACE_MS = 2_000

/** Returns a signal that aborts `graceMs` after `interrupted`. */
export function abandonedAfter(interrupted: AbortSignal, graceMs: number): AbortSignal {
  const abandoning = new AbortController()
  whenAborted(interrupted, () => {
    setTimeout(() => abandoning.abort(), graceMs).unref()
  })
  return abandoning.signal
}

/** Returns what `start` returns. Returns undefined if an interruption made `start` fail. */
export async function unlessInterrupted<T>(
  interrupted: AbortSignal,
  start: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await start(interrupted)
  } catch (error) {
    if (interrupted.aborted) return undefined
    throw error
  }
}

/**
 * Returns a signal that aborts as soon as one of `signals` does, unless it was released before. `AbortSignal.any` would
 * refer to `signals` only weakly. Node 20 would then delete the signal of a timeout as garbage before the timeout.
 */
export function firstOf(...signals: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal
  release(): void
} {
  const first = new AbortController()
  const given = signals.filter((signal) => signal !== undefined)
  const end = () => first.abort()
  // Node would otherwise warn if many jobs listened to the same signal.
  setMaxListeners(0, first.signal, ...given)
  for (const signal of given) whenAborted(signal, end)
  return {
    signal: first.signal,
    release() {
      for (const signal of given) signal.removeEventListener('abort', end)
    },
  }
}

/** Calls back when the signal aborts, or at once if it already has. */
export function whenAborted(signal: AbortSignal, callback: () => void): void {
  if (signal.aborted) callback()
  else signal.addEventListener('abort', callback, { once: true })
}
