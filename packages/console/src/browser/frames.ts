/** The stages of a run, as sent to a page. All messages in this file are JSON over one WebSocket. */

export type Stage = 'starting' | 'working' | 'healing' | 'final reads' | 'ending' | 'checking' | 'judged' | 'failed'

/** A kind of fault. `refused`: why the target does not support it. */
export interface OfferedKind {
  readonly kind: string
  readonly summary: string
  /** The objects into which the fault can be injected. */
  readonly on: readonly ('nodes' | 'links' | 'clients')[]
  readonly refused?: string | undefined
}

/** The constant data of a run, sent to each page that connects. */
export interface Hello {
  readonly type: 'hello'
  readonly run: number
  readonly version: string
  readonly title: string
  readonly workload: string
  readonly model: string
  readonly seed: number
  readonly clients: number
  readonly timeMs: number
  readonly expected: string | undefined
  readonly nodes: readonly string[]
  /** Whether nodes report their roles. Recorded servers do not. */
  readonly tells: boolean
  /** Whether nodes have links among each other that can be cut. */
  readonly meshed: boolean
  readonly kinds: readonly OfferedKind[]
  readonly again: string
  /** Why the page cannot start the run again. */
  readonly unrepeatable?: string | undefined
}

export interface NodeRow {
  readonly node: string
  /** The node's role; absent while the node does not answer. */
  readonly role?: string | undefined
  readonly leads?: boolean | undefined
  readonly term?: number | undefined
  /** The number of entries that another node has applied and this node lacks. Entries applied just now do not count. */
  readonly lag?: number | undefined
  /** Milliseconds by which faults have put the node's clock ahead; negative if behind. */
  readonly clockMs?: number | undefined
  readonly rate: number
}

export interface FaultRow {
  readonly id: string
  readonly kind: string
  readonly text: string
  readonly byHand: boolean
  readonly nodes: readonly string[]
  /** `n1>n2`. */
  readonly links: readonly string[]
  /** When the fault began, in milliseconds since the run's start. */
  readonly from: number
  readonly to?: number | undefined
  readonly clock?: { readonly offsetMs: number; readonly driftPpm: number } | undefined
  /** How often the fault took effect; absent while it is in force. */
  readonly hits?: number | undefined
}

/** A completed operation. */
export interface TailRow {
  readonly at: number
  readonly process: string
  readonly node: string | undefined
  readonly text: string
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly ms: number
  readonly error?: string | undefined
}

/**
 * The columns of a bin: `ok, fail, info, p50 ms, p99 ms`, and one count per class of error. Percentiles are null
 * without operations.
 */
export type BinRow = readonly (number | null)[]

export interface Bins {
  /** The width of each bin in milliseconds. For longer runs, the width doubles, and all bins are sent again. */
  readonly width: number
  /** The index of `rows[0]` among all bins of the run. */
  readonly from: number
  readonly rows: readonly BinRow[]
  /** The classes of errors, in the order of the error counts in each row. */
  readonly errors: readonly string[]
}

/** The verdict on the part of a history before the time `upTo`. */
export interface Verdict extends Finding {
  /** Increases with each verdict. */
  readonly version: number
  readonly mood: 'good' | 'bad' | 'unsure'
  /** The time of the last judged event in milliseconds; absent once the whole run is judged. */
  readonly upTo?: number | undefined
  readonly operations: number
  readonly ladder: string
  /** The newest violation, if it differs from the first. All other members describe the first violation. */
  readonly since?: Finding | undefined
}

/** A violation, as text and as a drawing. */
interface Finding {
  readonly title: string
  readonly sentence: string
  readonly answers: string
  readonly drawing?: string | undefined
}

/** A violation of the strongest level, which no later event can undo. */
export interface NoticedViolation {
  /** `linearizable`. */
  readonly level: string
  /** The number of events recorded between the violation and its detection. */
  readonly noticedAfter: number
}

/** The changes since the last frame sent to this page. */
export interface Frame {
  readonly type: 'frame'
  readonly run: number
  readonly stage: Stage
  readonly elapsed: number
  readonly counts: { readonly ok: number; readonly fail: number; readonly info: number }
  readonly nodes: readonly NodeRow[]
  readonly bins: Bins
  readonly faults?: readonly FaultRow[] | undefined
  readonly faultsVersion: number
  readonly tail?: readonly TailRow[] | undefined
  readonly verdict?: Verdict | undefined
  /** The violation that the runner noticed. A later frame contains the verdict, with a drawing of this violation. */
  readonly violation?: NoticedViolation | undefined
  readonly failure?: string | undefined
  readonly report?: string | undefined
}

export interface Answer {
  readonly type: 'answer'
  readonly order: number
  readonly error?: string | undefined
}

export type ServerMessage = Hello | Frame | Answer

/** The data that a page has. The server sends only the rest. */
export interface Had {
  readonly run: number
  readonly width: number
  /**
   * The number of bins that the server need not send again. The last bin does not count, because it may still grow
   * after it was sent.
   */
  readonly bins: number
  readonly faultsVersion: number
  readonly verdict: number
}

export type Order =
  | { readonly type: 'resume'; readonly had: Had }
  | { readonly type: 'inject'; readonly order: number; readonly fault: { readonly kind: string } }
  | { readonly type: 'heal'; readonly order: number; readonly id: string }
  | { readonly type: 'stop'; readonly order: number }
  | { readonly type: 'again'; readonly order: number }
