import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'
import type { TransactionConfig } from '../two-phase-commit/config.ts'
import type { TwoPhaseMessage, TwoPhaseRecord, TwoPhaseState } from '../two-phase-commit/state.ts'

export interface ShardedConfig extends TransactionConfig {
  /** Whether every operation is a transaction over the shards of its keys. */
  readonly transactions: boolean
  /** How the shard of a key is determined. */
  readonly by: 'hash' | 'range' | 'directory'
  readonly shards: number
  readonly rebalanceMs: Millis
  readonly retransmitMs: Millis
  readonly requestTimeoutMs: Millis
}

/** The place of a shard. Each move gives the shard a new epoch. */
export interface Place {
  readonly owner: NodeId
  readonly epoch: number
}

export type ShardedMessage =
  | TwoPhaseMessage
  /** The current place of a shard, sent to a coordinator that asked a former owner. */
  | { readonly type: 'placed'; readonly shard: number; readonly place: Place }
  | {
      readonly type: 'ask'
      readonly ticket: Ticket
      readonly requestId: string
      readonly shard: number
      readonly command: Command
    }
  | { readonly type: 'answer'; readonly requestId: string; readonly result: Completion }
  /** The node does not own the shard. The request had no effect. */
  | {
      readonly type: 'moved'
      readonly requestId: string
      /** The number of the refused ticket. Copies of the request with a later ticket are not refused. */
      readonly number: number
      readonly shard: number
      readonly place: Place
    }
  // A move.
  | { readonly type: 'take'; readonly shard: number; readonly epoch: number; readonly content: Json }
  | { readonly type: 'took'; readonly shard: number; readonly epoch: number }
  // The directory.
  | { readonly type: 'where'; readonly key: string }
  | { readonly type: 'there'; readonly key: string; readonly shard: number }

export type ShardedRecord =
  | TwoPhaseRecord
  | { readonly kind: 'applied'; readonly shard: number; readonly input: Input }
  | {
      readonly kind: 'gave'
      readonly shard: number
      readonly epoch: number
      readonly to: NodeId
      readonly content: Json
    }
  | { readonly kind: 'handed'; readonly shard: number; readonly epoch: number }
  | { readonly kind: 'took'; readonly shard: number; readonly epoch: number; readonly content: Json }
  | { readonly kind: 'listed'; readonly key: string; readonly shard: number }

export interface PendingRequest {
  readonly command: Command
  /** True if no owner has the request: it was refused, or waits for the directory. */
  idle: boolean
  /** The ticket with which the request was last forwarded. */
  number: number
  ageMs: number
}

/** With transactions, keys of owned shards are items of two-phase commit. */
export interface ShardedState extends TwoPhaseState {
  readonly forwarding: Forwarding
  // The gateway.
  readonly pending: Map<string, PendingRequest>
  /** The latest known place of each shard. */
  readonly places: Map<number, Place>
  /** The shard of each key, as the directory answered. */
  readonly listed: Map<string, number>
  // The owner.
  /** The content of each owned shard; undefined with transactions, because keys are then items. */
  readonly owned: Map<number, unknown>
  /** Shards that were sent to another node, which has not confirmed them yet. */
  readonly leaving: Map<number, { readonly to: NodeId; readonly epoch: number; readonly content: Json }>
  moves: number
}

export type Sharded = Types<
  ShardedConfig,
  ShardedState,
  ShardedMessage,
  ShardedRecord,
  'resend' | 'rebalance' | 'again' | 'check'
>
export type ShardedTurn = Turn<Sharded>
