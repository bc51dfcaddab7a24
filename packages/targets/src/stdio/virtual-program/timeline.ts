export interface Timeline {
  now(): number
  after(ms: number, ring: () => void): () => void
  next(): number | undefined
  advance(to: number): void
  ring(): boolean
}

/** A tolerance for rounding: times are computed as differences, so a timer may seem late by this much. */
const NANOSECOND_MS = 1e-6

export function createTimeline(): Timeline {
  let now = 0
  /** The waiting timers by time, and then in the order in which they were set. */
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
