export interface Timeline {
  now(): number
  /** Calls back once that time has come; the function returned cancels that. */
  after(ms: number, ring: () => void): () => void
  /** When the next timer is due. */
  next(): number | undefined
  advance(to: number): void
  /** Rings the next timer that is due; false if none is. */
  ring(): boolean
}

/** Times are differences of milliseconds, so that a timer may seem to be due a little later than it was set for. */
const NANOSECOND_MS = 1e-6

export function createTimeline(): Timeline {
  let now = 0
  /** In order of time, and then of setting. */
  const waiting: { readonly at: number; readonly ring: () => void }[] = []
  return {
    now: () => now,
    after(ms, ring) {
      const timer = { at: now + ms, ring }
      const place = waiting.findIndex(({ at }) => at > timer.at)
      waiting.splice(place < 0 ? waiting.length : place, 0, timer)
      return () => {
        const at = waiting.indexOf(timer)
        if (at >= 0) waiting.splice(at, 1)
      }
    },
    next: () => waiting[0]?.at,
    advance(to) {
      now = Math.max(now, to)
    },
    ring() {
      const [first] = waiting
      if (first === undefined || first.at > now + NANOSECOND_MS) return false
      waiting.shift()
      first.ring()
      return true
    },
  }
}
