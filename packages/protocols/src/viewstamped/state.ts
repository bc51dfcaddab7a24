import type { NodeId } from '@chaosproxy/faults'
import type { Entry, Log } from '../log.ts'
import { majorityOf } from '../members.ts'
import type { RoutedMessage, RoutedTimer } from '../routing/routing.ts'
import type { MemberState, Reads, SuccessionConfig } from '../routing/succession.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

// Sections are those of Liskov & Cowling, "Viewstamped Replication Revisited", 2012. Messages have the paper's names.

interface ViewstampedConfig extends SuccessionConfig {
  /** Whether a restarted node has its log on disk, or requests it from the other nodes (§4.3). */
  readonly recovery: 'disk' | 'nonce'
  readonly reads: Reads
}

export interface DoViewChange {
  readonly view: number
  readonly entries: readonly Entry[]
  /** The last view in which the sender's status was normal. */
  readonly lastNormal: number
  readonly commit: number
}

export interface RecoveryResponse {
  readonly view: number
  readonly nonce: number
  /** The log of the primary of the view; null in a response from any other node. */
  readonly entries: readonly Entry[] | null
  readonly commit: number
}

export type ViewstampedMessage =
  | MessagesOf<{
      /** The entries; `from` is the op number of the first. */
      prepare: {
        view: number
        from: number
        entries: readonly Entry[]
        commit: number
      }
      /** The sender has all entries up to `op`, and answers the round. */
      'prepare-ok': { view: number; op: number; round: number }
      commit: { view: number; commit: number; round: number }
      'start-view-change': { view: number }
      'do-view-change': DoViewChange
      'start-view': { view: number; entries: readonly Entry[]; commit: number }
      'get-state': { view: number; from: number }
      'new-state': {
        view: number
        from: number
        entries: readonly Entry[]
        commit: number
      }
      recovery: { nonce: number }
      'recovery-response': RecoveryResponse
    }>
  | RoutedMessage

export type ViewstampedRecord = RecordsOf<{
  /** The node takes part in no view before `view`. */
  view: { view: number }
  entries: { from: number; entries: readonly Entry[] }
  /** The node has begun `view`. `entries` replace the entries of its log from number `from` on. */
  begun: { view: number; from: number; entries: readonly Entry[] }
}>

export interface Backup {
  op: number
  round: number
  heard: boolean
}

/** The state of a node. `applied` is the commit number; the log's last index is the op number. */
export interface ViewstampedState extends MemberState {
  status: 'normal' | 'view-change' | 'recovering'
  view: number
  lastNormal: number
  log: Log
  startViewChanges: NodeId[]
  doViewChanges: Map<NodeId, DoViewChange>
  // The state of a recovery. The nonce is unique to the node's life.
  readonly nonce: number
  responses: Map<NodeId, RecoveryResponse>
  // The members below are used only on the primary.
  backups: Map<NodeId, Backup>
  /** The op number at the beginning of the view. Reads wait until it is committed. */
  inherited: number
  /** Ops up to this number were sent before the last heartbeat. */
  sentBefore: number
}

export type Viewstamped = Types<
  ViewstampedConfig,
  ViewstampedState,
  ViewstampedMessage,
  ViewstampedRecord,
  'silence' | 'reach' | 'recover' | 'heartbeat' | RoutedTimer
>
export type ViewstampedTurn = Turn<Viewstamped>

/** "The primary is chosen round-robin" (§4): the view number determines it. */
export const primaryOf = ({ nodes }: ViewstampedState, view: number): NodeId => {
  const primary = nodes[view % nodes.length]
  if (primary === undefined) throw new Error(`view ${view} has no primary`)
  return primary
}

export const isPrimary = (state: ViewstampedState): boolean =>
  state.status === 'normal' && primaryOf(state, state.view) === state.id

/** f: the number of nodes that may fail out of 2f + 1 (§2). */
export const failuresOf = ({ nodes }: ViewstampedState): number => Math.ceil(nodes.length / 2) - 1

/** A majority: with an even number of nodes, f + 1 would not be a quorum. */
export const quorumOf = ({ nodes }: ViewstampedState): number => majorityOf(nodes.length)

/**
 * Writes entries to disk if `recovery` is `disk`. Otherwise, the log is only in memory, and a restarted node gets it
 * from the other nodes.
 */
export function storeEntries(turn: ViewstampedTurn, from: number, entries: readonly Entry[]): void {
  if (turn.config.recovery === 'disk') turn.persist({ kind: 'entries', from, entries })
}
