import type { Nanos } from '@chaosproxy/history'

/** Returns a function that decides whether a span may be sent, so that no more than this many are sent per second. */
export function createQuota(perSecond: number): (at: Nanos) => boolean {
  let left = perSecond
  let last = 0
  return (at) => {
    left = Math.min(perSecond, left + (Math.max(0, at - last) / 1e9) * perSecond)
    last = Math.max(last, at)
    if (left < 1) return false
    left--
    return true
  }
}
