import type { ScheduledFault } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { PlannedHold } from '../replay/holds.ts'
import type { Reaction } from './reaction.ts'

export interface Disturbances {
  readonly schedule: readonly ScheduledFault[]
  readonly reactions: readonly Reaction[]
  /** Requests of a program that are held at an await; when absent, none. */
  readonly holds?: readonly PlannedHold[] | undefined
  /** When clients are busiest; when absent, at any time. */
  readonly busy?: readonly Millis[] | undefined
  /**
   * How long the busy period lasts; when absent, any usual time. If given, every node has a client that mostly reads
   * and one that mostly writes: a client that writes to a node that was cut off waits, and sees nothing meanwhile.
   */
  readonly busyMs?: Millis | undefined
}
