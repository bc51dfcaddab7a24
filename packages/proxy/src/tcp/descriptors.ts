import { readFileSync } from 'node:fs'

/**
 * How many of this process's descriptors connections and listeners may take. Some are kept for everything else, above all
 * for the control interface, so that a flood of connections does not lock out the operator who could stop it.
 */
export interface Descriptors {
  /** Takes them and returns what gives them back, which may be called twice; undefined if too few are left. */
  take(count: number): (() => void) | undefined
}

/** The control interface's connections, the recorder's files, and what identifies clients have room in them. */
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

/** The `Max open files` of Linux's /proc/PID/limits that is in force; Infinity if it has none. */
export function parseLimit(limits: string): number {
  const soft = /^Max open files +(\d+)/m.exec(limits)?.[1]
  return soft === undefined ? Number.POSITIVE_INFINITY : Number(soft)
}

/** Systems without /proc do not say. */
function ownLimit(): number {
  try {
    return parseLimit(readFileSync('/proc/self/limits', 'latin1'))
  } catch {
    return Number.POSITIVE_INFINITY
  }
}

/** The descriptors of this process, shared by all its networks. */
export const descriptors: Descriptors = createDescriptors(ownLimit())
