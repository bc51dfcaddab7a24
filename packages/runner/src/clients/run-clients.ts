import type { Input } from '@chaosproxy/history'
import type { Settled } from '../ports/run-outcome.ts'
import type { RunRecorder } from './recorder.ts'

export interface RunClients {
  readonly recorder: RunRecorder
  /** Stops the clients and calls `heal`, in the order that these clients need. */
  stop(why: StopReason, heal: (healed: () => void) => void, stopped: () => void): void
  /** Lets each client complete its outstanding work, such as reading the rest of a stream. */
  follow(followed: () => void): void
  /** Returns the final operations for each node. Call it when clients no longer use new keys. */
  inputs(): readonly Input[]
  /**
   * Whether clients send requests like those of the final reads. If so, the final reads show whether the cluster serves
   * clients again. Observed clients may send different requests, for example with an Authorization header.
   */
  readonly areLikeFinalReads: boolean
  /** Returns an operation that tests whether the cluster has recovered, if `inputs` returns none. */
  readonly otherwise?: (() => Input) | undefined
  settle(): Settled | undefined
  /** Returns why the record proves less than its operations suggest. */
  doubts(): readonly string[]
}

/** Why clients end: by themselves (`gone`), because the run was interrupted, or because its time is up (`late`). */
export type StopReason = 'gone' | 'interrupted' | 'late'
