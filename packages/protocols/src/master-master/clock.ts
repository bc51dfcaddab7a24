import type { Stamp } from './version.ts'

/** How conflicting writes of one item are settled. */
export type Conflicts = 'timestamp' | 'lamport' | 'hybrid-clock' | 'version-vector'

/** The latest time that a node has stamped or heard of. */
export interface Tick {
  readonly time: number
  readonly logical: number
}

export const BEGINNING: Tick = { time: 0, logical: 0 }

/**
 * The time of the next write.
 *
 * - timestamp, version-vector: the node's own clock, whatever others' stamps say.
 * - lamport: "each process increments its clock between any two successive events" (Lamport 1978, IR1).
 * - hybrid-clock: the physical clock, or the latest known stamp with a higher logical part if that is ahead of it
 *   (Kulkarni et al., "Logical Physical Clocks", 2014, Figure 5).
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

/** "upon receiving a message, a process sets its clock greater than or equal to … the timestamp" (Lamport 1978, IR2). */
export const afterHearing = (latest: Tick, { time, logical = 0 }: Stamp): Tick =>
  time > latest.time || (time === latest.time && logical > latest.logical) ? { time, logical } : latest
