import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import type { Entry, Log } from '../log.ts'
import { majorityOf as majority } from '../members.ts'
import type { Origin, RoutedMessage, RoutedTimer } from '../routing/routing.ts'
import type { SuccessionConfig, SuccessionState } from '../routing/succession.ts'
import type { Turn, Types } from '../turn.ts'

export interface PrimaryReplicaConfig extends SuccessionConfig {
  /** How many replicas must have an acknowledged write. `all`: every other node. */
  readonly sync: number | 'majority' | 'all'
  /** Who answers reads: the primary, or every node. */
  readonly reads: 'primary' | 'replica'
  /** Whether an acknowledged write must be on its client's node. */
  readonly ownWrites: boolean
  readonly failover: boolean
}

export type PrimaryReplicaMessage =
  | {
      readonly type: 'replicate'
      readonly epoch: number
      readonly prevIndex: number
      readonly prevEpoch: number
      readonly entries: readonly Entry[]
      readonly round: number
    }
  | {
      readonly type: 'replicated'
      readonly epoch: number
      readonly round: number
      /** The index up to which logs agree; undefined if they differ, with `retryFrom` to try next. */
      readonly match?: number | undefined
      readonly retryFrom?: number | undefined
    }
  | { readonly type: 'elect'; readonly epoch: number; readonly lastEpoch: number; readonly lastIndex: number }
  | { readonly type: 'promise'; readonly epoch: number; readonly granted: boolean }
  | RoutedMessage

export type PrimaryReplicaRecord =
  | { readonly kind: 'epoch'; readonly epoch: number }
  /** Replaces the log from index `from` on. */
  | { readonly kind: 'entries'; readonly from: number; readonly entries: readonly Entry[] }

export interface Replica {
  next: number
  match: number
  ackedRound: number
  heard: boolean
  reachable: boolean
}

/** A committed write that waits for its client's replica. */
export interface OwnWrite {
  readonly origin: Origin
  readonly result: Completion
}

/** The copy has the first `applied` entries; the leader is the primary. */
export interface PrimaryReplicaState extends SuccessionState {
  readonly peers: readonly NodeId[]
  /** The highest promised epoch. Durable, like the log. */
  epoch: number
  readonly log: Log
  role: 'primary' | 'replica' | 'candidate'
  promises: NodeId[]
  // Only on the primary.
  replicas: Map<NodeId, Replica>
  committed: number
  noopIndex: number
  readonly proposals: Map<number, Origin>
  /** By index, in ascending order. */
  readonly ownWrites: Map<number, OwnWrite>
}

export type PrimaryReplica = Types<
  PrimaryReplicaConfig,
  PrimaryReplicaState,
  PrimaryReplicaMessage,
  PrimaryReplicaRecord,
  'silence' | 'reach' | 'heartbeat' | RoutedTimer
>
export type PrimaryReplicaTurn = Turn<PrimaryReplica>

export const majorityOf = (state: PrimaryReplicaState): number => majority(state.peers.length + 1)

export function syncCount(turn: PrimaryReplicaTurn): number {
  const count = trueSyncCount(turn)
  // The bug: `sync` is ignored.
  if (turn.config.bug !== 'ack-before-replicate') return count
  if (count > 0) turn.mark()
  return 0
}

/** Whether enough replicas for a write have answered recently. */
export function reachesEnough(state: PrimaryReplicaState, config: PrimaryReplicaConfig): boolean {
  let reachable = 0
  for (const replica of state.replicas.values()) if (replica.reachable) reachable++
  return reachable >= trueSyncCount({ state, config })
}

function trueSyncCount({ config, state }: Pick<PrimaryReplicaTurn, 'config' | 'state'>): number {
  if (config.sync === 'all') return state.peers.length
  return config.sync === 'majority' ? majorityOf(state) - 1 : Math.min(config.sync, state.peers.length)
}

/** Promises to follow no earlier epoch, durably before any message. */
export function promiseEpoch(turn: PrimaryReplicaTurn, epoch: number): void {
  turn.state.epoch = epoch
  // The bug: the promise is only in memory.
  if (turn.config.bug === 'forget-epoch') turn.mark()
  else turn.persist({ kind: 'epoch', epoch })
}
