import type { ScheduledFault } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { Reaction } from './reaction.ts'

/** What breaks in a trial, as a strategy plans it. */
export interface Disturbances {
  readonly schedule: readonly ScheduledFault[]
  readonly reactions: readonly Reaction[]
  /** When clients ask most; absent: at any time. */
  readonly busy?: readonly Millis[] | undefined
}
