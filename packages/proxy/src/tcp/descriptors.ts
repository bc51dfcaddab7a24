import { readFileSync } from 'node:fs'

/**
 * The file descriptors that connections and listeners may use. Some are reserved for the control interface, so that a
 * flood of connections does not lock out the operator.
 */
export interface Descriptors {
  /** Reserves descriptors, and returns a function that releases them; undefined if too few are left. */
  take(count: number): (() => void) | undefined
}

/** The maximum number of reserved descriptors: enough for control, recording and identifying clients. */
const MOST_KEPT = 128

export function createDescriptors(limit: number): Descriptors {
  const most = limit - Math.min(MOST_KEPT, Math.floor(limit / 2))
  let taken = 0
  return {
    take(count) {
      if (taken + count > most) return undefined
      taken += count
      let isTaken = true
      return () => {
        if (isTaken) taken -= count
        isTaken = false
      }
    },
  }
}

/** Returns the soft limit of open files from Linux's /proc/PID/limits. */
export function parseLimit(limits: string): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Returns this process's limit, which is infinite without /proc. */
function ownLimit(): number {
  try {
    return parseLimit(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

export const descriptors: Descriptors = createDescriptors(ownLimit())
