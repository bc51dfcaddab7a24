import type { Input } from '@chaosproxy/history'
import type { Settled } from '../ports/run-outcome.ts'
import type { RunRecorder } from './recorder.ts'

/** The clients of a run, driven by it or observed. */
export interface RunClients {
  readonly recorder: RunRecorder
  /**
   * Ends them, has everything healed, whenever it is their turn, and calls back once they are gone and all is healed.
   */
  stop(why: StopReason, heal: (healed: () => void) => void, stopped: () => void): void
  /** Lets each client finish what it started, such as reading the rest of a stream, and calls back. */
  follow(followed: () => void): void
  /** What to read of each node; called once clients use no more keys. */
  inputs(): readonly Input[]
  /**
   * Whether the system has recovered once final reads are answered; they may lack what requests of other clients had, such
   * as their Authorization.
   */
  readonly areLikeFinalReads: boolean
  /** What to ask for if nothing is to be read; when absent, nothing is asked for, and it does not show whether the system recovered. */
  readonly otherwise?: (() => Input) | undefined
  /** Ends the proxy's record, if there is one. */
  settle(): Settled | undefined
  /** Why the record says less than its operations seem to. */
  doubts(): readonly string[]
}

/** Why clients are stopped: they have gone by themselves, somebody interrupts the run, or its time is over. */
export type StopReason = 'gone' | 'interrupted' | 'late'
