import type { Fault } from '@chaosproxy/faults'
import type { Event, Nanos } from '@chaosproxy/history'
import type { NodeStatus } from '@chaosproxy/protocols'
import type { LiveCounts } from './clients/recorder.ts'
import type { Judged, LiveViolation } from './ports/live-judge.ts'
import type { RunStage } from './ports/run-outcome.ts'
import type { RunSpec } from './result/run-spec.ts'
import type { RunSummary } from './result/run-summary.ts'

/** The progress of a run, including the verdict so far. */
export interface Progress extends Judged {
  readonly stage: RunStage
  readonly elapsed: Nanos
  readonly counts: LiveCounts
  readonly activeFaults: readonly Fault[]
  readonly leader: { readonly node: string; readonly term: number | undefined } | undefined
  /** The status that each node last reported; `status` is absent while the node does not answer. */
  readonly nodes: readonly { readonly node: string; readonly status?: NodeStatus | undefined }[]
}

/** The events of a run in progress, as JSON, for a terminal, a file or a page. */
export type RunEvent =
  | { readonly type: 'starting'; readonly spec: RunSpec }
  /** The start takes long, for the reason in `text`. */
  | { readonly type: 'waiting'; readonly text: string }
  | {
      readonly type: 'ready'
      readonly readyMs?: number | undefined
      readonly leader?: string | undefined
      /**
       * What clients do differently because of the rehearsal, a test before the run (see `Rehearsal`): for example,
       * they write strings. If no write of the rehearsal worked, the remark says so.
       */
      readonly remark?: string | undefined
    }
  /** An event of the history: an operation begins or ends, or the nemesis acts. */
  | { readonly type: 'event'; readonly event: Event }
  /**
   * The state of the run, ten times per second of the cluster's own time: operation counts, faults in force, and the
   * verdict so far.
   */
  | { readonly type: 'status'; readonly progress: Progress }
  /** A violation of the strongest level, noticed while the history is recorded; sent once. */
  | { readonly type: 'violation'; readonly violation: LiveViolation }
  /** The cluster begins to stop. */
  | { readonly type: 'ending' }
  | { readonly type: 'checking'; readonly operations: number }
  /** The run ended without a verdict; `message` is for the user. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'judged'; readonly headline: string; readonly summary: Omit<RunSummary, 'report'> }

/** Called at each event of a run, in order. The run does not wait for it. */
export type RunListener = (event: RunEvent) => void
