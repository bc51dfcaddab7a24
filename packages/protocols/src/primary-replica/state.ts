import type { NodeId } from '@chaosproxy/faults'
import type { Completion } from '@chaosproxy/history'
import type { Entry, Log } from '../log.ts'
import { majorityOf as majority } from '../members.ts'
import type { Origin, RoutedMessage, RoutedTimer } from '../routing/routing.ts'
import type { SuccessionConfig, SuccessionState } from '../routing/succession.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

interface PrimaryReplicaConfig extends SuccessionConfig {
  /** The number of replicas that must have a write before it is acknowledged. `all`: every other node. */
  readonly sync: number | 'majority' | 'all'
  /** Which nodes answer reads: only the primary, or every node from its own copy. */
  readonly reads: 'primary' | 'replica'
  /** Whether a write is acknowledged only once the node that its client called also has it. */
  readonly ownWrites: boolean
  readonly failover: boolean
}

export type PrimaryReplicaMessage =
  | MessagesOf<{
      replicate: {
        epoch: number
        prevIndex: number
        prevEpoch: number
        entries: readonly Entry[]
        round: number
      }
      replicated: {
        epoch: number
        round: number
        /** The index up to which both logs agree. If they differ, `retryFrom` is the index to try next. */
        match?: number | undefined
        retryFrom?: number | undefined
      }
      elect: { epoch: number; lastEpoch: number; lastIndex: number }
      promise: { epoch: number; granted: boolean }
    }>
  | RoutedMessage

export type PrimaryReplicaRecord = RecordsOf<{
  epoch: { epoch: number }
  /** Replaces all entries of the log from index `from` on. */
  entries: { from: number; entries: readonly Entry[] }
}>

export interface Replica {
  next: number
  match: number
  ackedRound: number
  heard: boolean
  reachable: boolean
}

export interface OwnWrite {
  readonly origin: Origin
  readonly result: Completion
}

/** The state of a node. The first `applied` entries are in the copy. The leader is the primary. */
export interface PrimaryReplicaState extends SuccessionState {
  readonly peers: readonly NodeId[]
  /** The highest epoch that this node has promised to follow. Durable, like the log. */
  epoch: number
  readonly log: Log
  role: 'primary' | 'replica' | 'candidate'
  promises: NodeId[]
  // The members below are used only on the primary.
  replicas: Map<NodeId, Replica>
  committed: number
  noopIndex: number
  readonly proposals: Map<number, Origin>
  /**
   * Committed writes that are not answered until the node that the client called has them (see `acknowledgeOwn`), by
   * index in ascending order.
   */
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
  // The bug: a write is acknowledged as soon as the primary has it, regardless of `sync`.
  if (turn.config.bug !== 'ack-before-replicate') return count
  if (count > 0) turn.mark()
  return 0
}

/** Whether as many replicas as a write needs have recently answered this primary. */
export function reachesEnough(state: PrimaryReplicaState, config: PrimaryReplicaConfig): boolean {
  let reachable = 0
  for (const replica of state.replicas.values()) if (replica.reachable) reachable++
  return reachable >= trueSyncCount({ state, config })
}

function trueSyncCount({ config, state }: Pick<PrimaryReplicaTurn, 'config' | 'state'>): number {
  if (config.sync === 'all') return state.peers.length
  return config.sync === 'majority' ? majorityOf(state) - 1 : Math.min(config.sync, state.peers.length)
}

/** Promises not to follow any earlier epoch. The promise is durable before any message is sent. */
export function promiseEpoch(turn: PrimaryReplicaTurn, epoch: number): void {
  turn.state.epoch = epoch
  // The bug: the promise is kept only in memory.
  turn.persistUnless('forget-epoch', { kind: 'epoch', epoch })
}
