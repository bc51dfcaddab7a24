import type { ScheduledFault } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { PlannedHold } from '../replay/holds.ts'
import type { Reaction } from './reaction.ts'

export interface Disturbances {
  readonly schedule: readonly ScheduledFault[]
  readonly reactions: readonly Reaction[]
  /** The requests of a program that are held at an await; absent for none. */
  readonly holds?: readonly PlannedHold[] | undefined
  /** The times when clients are busiest; absent for any time. */
  readonly busy?: readonly Millis[] | undefined
  /**
   * The length of the busy period; absent for a random length. If given, every node has one client that mostly reads
   * and one that mostly writes: a client that writes to an isolated node waits and observes nothing during the wait.
   */
  readonly busyMs?: Millis | undefined
}
