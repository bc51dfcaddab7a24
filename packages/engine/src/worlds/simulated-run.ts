import type { Event } from '@chaosproxy/history'
import type { RunOutcome, RunSpec } from '@chaosproxy/runner'
import type { Listening } from '@chaosproxy/runner/result'

/** A run of the user's own protocol or service, for execution on another thread. */
export interface SimulateSpec {
  readonly spec: RunSpec
  /** The messages between nodes to record in addition. */
  readonly listening?: Listening | undefined
}

export interface Simulated {
  readonly events: readonly Event[]
  /** The outcome; absent if the run did not finish. */
  readonly outcome?: RunOutcome | undefined
  /** Why the run did not finish: a message for the user. */
  readonly failure?: string | undefined
}
