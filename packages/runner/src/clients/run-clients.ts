import type { Input } from '@chaosproxy/history'
import type { Settled } from '../ports/run-outcome.ts'
import type { RunRecorder } from './recorder.ts'

export interface RunClients {
  readonly recorder: RunRecorder
  /** Stops the clients and calls `heal`, in the order that these clients need. Calls `stopped` when both are done. */
  stop(why: StopReason, heal: (healed: () => void) => void, stopped: () => void): void
  /** Lets each client complete its outstanding work, such as reading the rest of a stream; then calls back. */
  follow(followed: () => void): void
  /** Returns the final operations for each node. To be called once clients use no more keys. */
  inputs(): readonly Input[]
  /**
   * Whether the final reads are like the clients' requests, so that their answers show that the system has recovered.
   * Observed clients may send more, such as an Authorization header.
   */
  readonly areLikeFinalReads: boolean
  /**
   * Returns an operation that tests recovery if there is nothing to read. Without this member, recovery is not tested
   * in that case.
   */
  readonly otherwise?: (() => Input) | undefined
  /** Ends the proxy's record, if there is one. */
  settle(): Settled | undefined
  /** Returns why the record proves less than its operations suggest. */
  doubts(): readonly string[]
}

/**
 * Why clients are stopped: they ended by themselves (`gone`), the user interrupted the run, or the time of the run is
 * up (`late`).
 */
export type StopReason = 'gone' | 'interrupted' | 'late'
