import type { Input } from '@chaosproxy/history'
import type { Settled } from '../ports/run-outcome.ts'
import type { RunRecorder } from './recorder.ts'

export interface RunClients {
  readonly recorder: RunRecorder
  /**
   * Stops the clients, calls `heal` when it suits them, and `stopped` when both are done.
   */
  stop(why: StopReason, heal: (healed: () => void) => void, stopped: () => void): void
  /** Lets each client finish what it started, such as reading the rest of a stream, and calls back. */
  follow(followed: () => void): void
  /** What to read of each node; called once clients use no more keys. */
  inputs(): readonly Input[]
  /**
   * Whether answered final reads show that the system has recovered. Final reads may lack what observed clients send, such
   * as their Authorization.
   */
  readonly areLikeFinalReads: boolean
  /** What to ask if there is nothing to read; when absent, recovery is not tested then. */
  readonly otherwise?: (() => Input) | undefined
  /** Ends the proxy's record, if there is one. */
  settle(): Settled | undefined
  /** Why the record says less than its operations seem to. */
  doubts(): readonly string[]
}

/** Why clients are stopped: they have gone by themselves, somebody interrupts the run, or its time is over. */
export type StopReason = 'gone' | 'interrupted' | 'late'
