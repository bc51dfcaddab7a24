/** What the server tells a page, and what a page asks of it: JSON over one WebSocket. */

export type Stage = 'starting' | 'working' | 'healing' | 'final reads' | 'ending' | 'checking' | 'judged' | 'failed'

/** Whether the target can suffer a kind of fault and, if not, the reason. */
export interface OfferedKind {
  readonly kind: string
  readonly summary: string
  /** What it can be injected into; empty if nothing. */
  readonly on: readonly ('nodes' | 'links' | 'clients')[]
  /** Why not; absent if `on` is not empty. */
  readonly refused?: string | undefined
}

/** What a page shows of a run that does not change. Sent when a page connects, and when another run begins. */
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
  /** The level the run is held to. */
  readonly expected: string | undefined
  readonly nodes: readonly string[]
  /** Whether nodes say what they are; servers that are recorded do not. */
  readonly tells: boolean
  /** Whether nodes have links among each other that can be cut. */
  readonly meshed: boolean
  readonly kinds: readonly OfferedKind[]
  /** The command that repeats the run. */
  readonly again: string
  /** Why the same run cannot be started again from the page; absent if it can. */
  readonly unrepeatable?: string | undefined
}

export interface NodeRow {
  readonly node: string
  /** Absent while it does not answer. */
  readonly role?: string | undefined
  readonly leads?: boolean | undefined
  readonly term?: number | undefined
  /** Entries that another node had applied a moment before, and this one has not yet. */
  readonly lag?: number | undefined
  /** How many milliseconds faults have put its clock ahead; negative: behind. */
  readonly clockMs?: number | undefined
  /** Operations that it answered in the last second. */
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
  /** Milliseconds since the run's start. */
  readonly from: number
  readonly to?: number | undefined
  readonly clock?: { readonly offsetMs: number; readonly driftPpm: number } | undefined
  /** How often it took effect; known once it is healed. */
  readonly hits?: number | undefined
}

/** An operation, as it ended. */
export interface TailRow {
  readonly at: number
  readonly process: string
  readonly node: string | undefined
  readonly text: string
  readonly outcome: 'ok' | 'fail' | 'info'
  readonly ms: number
  readonly error?: string | undefined
}

/** `ok, fail, info, p50 ms, p99 ms`, then one count for each class of error. Percentiles are null without operations. */
export type BinRow = readonly (number | null)[]

export interface Bins {
  /** The width of each, in milliseconds. It doubles as the run grows, and then all are sent again. */
  readonly width: number
  /** The place of the first row among all bins. */
  readonly from: number
  readonly rows: readonly BinRow[]
  /** The classes of error, in the order of their counts in a row. */
  readonly errors: readonly string[]
}

/** What the record proves up to a moment. */
export interface Verdict extends Finding {
  /** Increases with each. */
  readonly version: number
  readonly mood: 'good' | 'bad' | 'unsure'
  /** The moment up to which it holds, in milliseconds; absent once the whole run is judged. */
  readonly upTo?: number | undefined
  readonly operations: number
  readonly ladder: string
  /** What the newest judgement says of another violation than the one above, which was found first. */
  readonly since?: Finding | undefined
}

/** A violation, as words and as a drawing. */
interface Finding {
  readonly title: string
  readonly sentence: string
  readonly answers: string
  readonly drawing?: string | undefined
}

/** A violation of the strongest level, which nothing that comes later can undo. */
export interface NoticedViolation {
  /** `linearizable`. */
  readonly level: string
  /** How many events were recorded after it until it was noticed. */
  readonly noticedAfter: number
}

/** What has changed since the last frame that this page was sent. */
export interface Frame {
  readonly type: 'frame'
  readonly run: number
  readonly stage: Stage
  readonly elapsed: number
  readonly counts: { readonly ok: number; readonly fail: number; readonly info: number }
  readonly nodes: readonly NodeRow[]
  readonly bins: Bins
  readonly faults?: readonly FaultRow[] | undefined
  /** Increases with each change of the faults. */
  readonly faultsVersion: number
  readonly tail?: readonly TailRow[] | undefined
  readonly verdict?: Verdict | undefined
  /** The violation that the runner itself noticed, before the drawing comes. */
  readonly violation?: NoticedViolation | undefined
  /** Why the run has no verdict. */
  readonly failure?: string | undefined
  /** The address of the finished run's report. */
  readonly report?: string | undefined
}

export interface Answer {
  readonly type: 'answer'
  readonly order: number
  /** Why it was not carried out. */
  readonly error?: string | undefined
}

export type Told = Hello | Frame | Answer

/** What a page already has, so that only the rest is sent. */
export interface Had {
  readonly run: number
  readonly width: number
  /** How many bins, without the last, which may have grown. */
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
