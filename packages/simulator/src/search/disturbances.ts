import type { ScheduledFault } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { PlannedHold } from '../replay/holds.ts'
import type { Reaction } from './reaction.ts'

/** What breaks in a trial, as a strategy plans it. */
export interface Disturbances {
  readonly schedule: readonly ScheduledFault[]
  readonly reactions: readonly Reaction[]
  /** Requests of a program that wait at an await; absent: none. */
  readonly holds?: readonly PlannedHold[] | undefined
  /** When clients ask most; if absent, at any time. */
  readonly busy?: readonly Millis[] | undefined
  /**
   * How long what they ask then may take; when absent, any usual time. If given, every node has a client that mostly reads and one
   * that mostly writes: whoever writes to a node that was cut off waits, and sees nothing meanwhile.
   */
  readonly busyMs?: Millis | undefined
}
