import type { Nanos } from '@chaosproxy/history'

/** Limits the spans per second, and counts the rejected ones. */
interface Quota {
  admits(at: Nanos): boolean
  readonly refused: number
}

export function createQuota(perSecond: number): Quota {
  let left = perSecond
  let last = 0
  let refused = 0
  return {
    admits(at) {
      left = Math.min(perSecond, left + (Math.max(0, at - last) / 1e9) * perSecond)
      last = Math.max(last, at)
      if (left < 1) {
        refused++
        return false
      }
      left--
      return true
    },
    get refused() {
      return refused
    },
  }
}
