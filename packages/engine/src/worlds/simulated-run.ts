import type { Event } from '@chaosproxy/history'
import type { RunOutcome, RunSpec } from '@chaosproxy/runner'
import type { Listening } from '@chaosproxy/runner/result'

export interface SimulateSpec {
  readonly spec: RunSpec
  readonly listening?: Listening | undefined
}

export interface Simulated {
  readonly events: readonly Event[]
  /** The outcome, if the run finished. */
  readonly outcome?: RunOutcome | undefined
  /** Why the run did not finish, for the user. */
  readonly failure?: string | undefined
}
