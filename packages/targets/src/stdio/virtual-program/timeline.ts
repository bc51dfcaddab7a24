export interface Timeline {
  now(): number
  /** Calls back after `ms` milliseconds. Returns a function that cancels the call. */
  after(ms: number, ring: () => void): () => void
  /** Returns when the next timer is due. */
  next(): number | undefined
  advance(to: number): void
  /** Rings the next timer that is due. Returns false if there is none. */
  ring(): boolean
}

/**
 * The tolerance of times in milliseconds. Times are computed as differences, so a timer may seem to be due slightly
 * later than it was set for.
 */
const NANOSECOND_MS = 1e-6

export function createTimeline(): Timeline {
  let now = 0
  /** The waiting timers, ordered by their time. Timers with equal times are in the order in which they were set. */
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
