import type { ScheduledFault } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { PlannedHold } from '../replay/holds.ts'
import type { Reaction } from './reaction.ts'

export interface Disturbances {
  readonly schedule: readonly ScheduledFault[]
  readonly reactions: readonly Reaction[]
  readonly holds?: readonly PlannedHold[] | undefined
  readonly busy?: readonly Millis[] | undefined
  /**
   * The length of the busy period; absent for a random length. If given, every node has two clients: one mostly reads,
   * and the other mostly writes. A client that does both would observe nothing while its write to an isolated node
   * waits.
   */
  readonly busyMs?: Millis | undefined
}
