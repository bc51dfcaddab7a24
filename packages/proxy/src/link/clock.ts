/** The proxy's source of time: monotonic fractional milliseconds since a fixed origin. */
export interface ProxyClock {
  nowMs(): number
  after(delayMs: number, callback: () => void): () => void
}

/** The longest delay of `setTimeout`, which treats longer delays as no delay. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export const systemClock: ProxyClock = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(LONGEST_TIMER_MS, Math.max(1, Math.ceil(delayMs))))
    return () => clearTimeout(timer)
  },
}
