import type { Event } from '@chaos/history'
import type { RunSummary } from '@chaos/report'
import type { Progress } from '../run.ts'
import type { RunSpec } from './run-spec.ts'

/** What a run says of itself while it goes on: what a terminal, a file or a page shows of it. All of it is JSON. */
export type RunEvent =
  | { readonly type: 'starting'; readonly spec: RunSpec }
  /** The cluster can serve. */
  | { readonly type: 'ready'; readonly readyMs?: number | undefined; readonly leader?: string | undefined }
  /** An event of the history: an operation begins or ends, the nemesis does something. */
  | { readonly type: 'event'; readonly event: Event }
  /** Ten times a second of the cluster's own time: how many operations, which faults, what the record shows until now. */
  | { readonly type: 'status'; readonly progress: Progress }
  /** The cluster is being ended, or has not come up. */
  | { readonly type: 'ending' }
  | { readonly type: 'checking'; readonly operations: number }
  /** It came to no verdict; a message for the user. */
  | { readonly type: 'failed'; readonly message: string }
  | { readonly type: 'judged'; readonly headline: string; readonly summary: Omit<RunSummary, 'report'> }

export type RunListener = (event: RunEvent) => void
