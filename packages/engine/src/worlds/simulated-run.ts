import type { Event } from '@chaosproxy/history'
import type { RunOutcome, RunSpec } from '@chaosproxy/runner'
import type { Listening } from '@chaosproxy/runner/result'

/** A run of the user's own protocol or service, for another thread. */
export interface SimulateSpec {
  readonly spec: RunSpec
  /** Which messages between nodes to record as well. */
  readonly listening?: Listening | undefined
}

export interface Simulated {
  readonly events: readonly Event[]
  /** Absent if the run did not finish. */
  readonly outcome?: RunOutcome | undefined
  /** Why it did not finish: a message for the user. */
  readonly failure?: string | undefined
}
