/** Where the proxy's time comes from. Milliseconds from some fixed origin, monotonic, fractional. */
export interface ProxyClock {
  nowMs(): number
  /** Calls back once, about then; the caller asks `nowMs` again, since timers may be early by a fraction. */
  after(delayMs: number, callback: () => void): () => void
}

/** `setTimeout` takes longer delays for none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: ProxyClock = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(delayMs))))
    return () => clearTimeout(timer)
  },
}
