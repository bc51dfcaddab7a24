import type { Stamp } from './version.ts'

/** How conflicting writes of one item are resolved. */
export type Conflicts = 'timestamp' | 'lamport' | 'hybrid-clock' | 'version-vector'

/** The latest time that a node has assigned or received. */
export interface Tick {
  readonly time: number
  readonly logical: number
}

export const BEGINNING: Tick = { time: 0, logical: 0 }

/**
 * Returns the time of the next write.
 *
 * - timestamp, version-vector: the node's own clock.
 * - lamport: later than every event of this node so far (Lamport, "Time, Clocks, and the Ordering of Events in a
 *   Distributed System", 1978, rule IR1).
 * - hybrid-clock: the physical clock if it is ahead of the latest known time, otherwise the latest known time with its
 *   logical part increased by 1 (Kulkarni et al., "Logical Physical Clocks", 2014).
 */
export function nextTick(conflicts: Conflicts, latest: Tick, physical: number): Tick {
  switch (conflicts) {
    case 'timestamp':
    case 'version-vector':
      return { time: physical, logical: 0 }
    case 'lamport':
      return { time: latest.time + 1, logical: 0 }
    case 'hybrid-clock':
      return physical > latest.time
        ? { time: physical, logical: 0 }
        : { time: latest.time, logical: latest.logical + 1 }
    default:
      return conflicts satisfies never
  }
}

/** Returns a time no earlier than the stamp of a message (Lamport 1978, rule IR2; hybrid clocks have the same rule). */
export const afterHearing = (latest: Tick, { time, logical = 0 }: Stamp): Tick =>
  time > latest.time || (time === latest.time && logical > latest.logical) ? { time, logical } : latest
