import { readFileSync } from 'node:fs'

/**
 * The file descriptors of this process that connections and listeners may use. Some are reserved, above all for the
 * control interface, so that a flood of connections does not lock out the operator who could stop it.
 */
export interface Descriptors {
  /**
   * Reserves descriptors. Returns a function that releases them, which may be called twice; undefined if too few
   * descriptors are left.
   */
  take(count: number): (() => void) | undefined
}

/**
 * The most reserved descriptors: enough for the control interface's connections, the recorder's files, and the
 * identification of clients.
 */
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

/** Returns the soft limit `Max open files` from Linux's /proc/PID/limits; Infinity if there is no limit. */
export function parseLimit(limits: string): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Returns this process's limit; Infinity on systems without /proc. */
function ownLimit(): number {
  try {
    return parseLimit(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** The descriptors of this process, shared by all its networks. */
export const descriptors: Descriptors = createDescriptors(ownLimit())
