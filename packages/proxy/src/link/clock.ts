/** The proxy's source of time: monotonic, fractional milliseconds from some fixed origin. */
export interface ProxyClock {
  nowMs(): number
  /** Calls back once, at about that time. Timers may fire slightly early, so check `nowMs` again. */
  after(delayMs: number, callback: () => void): () => void
}

/** `setTimeout` treats longer delays as none at all. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: ProxyClock = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(delayMs))))
    return () => clearTimeout(timer)
  },
}
