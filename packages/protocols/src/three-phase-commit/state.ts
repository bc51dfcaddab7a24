import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'
import type { TransactionConfig } from '../two-phase-commit/config.ts'
import type { Held, Operation, Refusal, Staged, Values } from '../two-phase-commit/items.ts'
import type { Attempt, Coordinator } from '../two-phase-commit/retries.ts'
import type { Settled } from '../two-phase-commit/state.ts'

interface ThreePhaseConfig extends TransactionConfig {
  /** How long a site waits for the coordinator before it asks the other sites. */
  readonly silenceMs: Millis
}

/** Why a site votes no. `given up`: it has already aborted on its own. */
export type SiteRefusal = Refusal | 'given up'

/** A site's progress. `deciding`: the site is the coordinator and will decide. */
export type Progress = 'ready' | 'pre-committed' | 'committed' | 'aborted' | 'deciding'

type ThreePhaseMessage = { readonly transaction: string } & MessagesOf<{
  prepare: { operations: readonly Operation[]; sites: readonly NodeId[] }
  yes: { read: Values }
  no: { refusal: SiteRefusal }
  'pre-commit': unknown
  'pre-committed': unknown
  decision: { commit: boolean }
  'how-far': unknown
  'this-far': { progress: Progress; restarted: boolean }
}>

type ThreePhaseRecord = { readonly transaction: string } & RecordsOf<{
  ready: { part: SitePart }
  'pre-committed': unknown
  finished: { commit: boolean }
}>

/** A site's part in a transaction for which it has voted yes. */
export interface SitePart extends Staged {
  readonly coordinator: NodeId
  readonly sites: readonly NodeId[]
}

/** The progress of a site that voted yes, and the answers that it has received. */
export interface Doubt {
  readonly part: SitePart
  preCommitted: boolean
  /** Whether the site has restarted since its vote, and may have missed a decision. */
  readonly restarted: boolean
  /** The number of checks since the last message from the coordinator. */
  checks: number
  readonly heard: Map<NodeId, { readonly progress: Progress; readonly restarted: boolean }>
}

export interface Open extends Attempt {
  readonly sites: readonly NodeId[]
  readonly votes: Map<NodeId, Values>
  readonly acknowledged: Set<NodeId>
  phase: 'voting' | 'pre-committing'
  checks: number
}

export interface ThreePhaseState extends Held, Coordinator {
  readonly open: Map<string, Open>
  readonly doubts: Map<string, Doubt>
  /** Whether each finished transaction was committed. */
  readonly finished: Map<string, boolean>
  /** The transactions decided in the latest step; for the invariant. */
  settled: readonly Settled[]
}

export type ThreePhase = Types<
  ThreePhaseConfig,
  ThreePhaseState,
  ThreePhaseMessage,
  ThreePhaseRecord,
  'check' | 'again'
>
export type ThreePhaseTurn = Turn<ThreePhase>
