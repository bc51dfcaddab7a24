import type { Input } from '@chaosproxy/history'
import type { Settled } from '../ports/run-outcome.ts'
import type { RunRecorder } from './recorder.ts'

export interface RunClients {
  readonly recorder: RunRecorder
  /** Stops the clients, calls `heal` at the appropriate time, and calls `stopped` when both are done. */
  stop(why: StopReason, heal: (healed: () => void) => void, stopped: () => void): void
  /** Lets each client finish what it started, such as reading the rest of a stream, and calls back. */
  follow(followed: () => void): void
  /** Returns what to read from each node. To be called once clients use no more keys. */
  inputs(): readonly Input[]
  /**
   * Whether answered final reads show that the system has recovered. Final reads may lack something that observed
   * clients send, such as their Authorization header.
   */
  readonly areLikeFinalReads: boolean
  /** Returns an operation that tests recovery if there is nothing to read; if absent, recovery is then not tested. */
  readonly otherwise?: (() => Input) | undefined
  /** Ends the proxy's record, if there is one. */
  settle(): Settled | undefined
  /** Returns why the record proves less than its operations suggest. */
  doubts(): readonly string[]
}

/** Why clients are stopped: they ended by themselves, the user interrupted the run, or its time is up. */
export type StopReason = 'gone' | 'interrupted' | 'late'
