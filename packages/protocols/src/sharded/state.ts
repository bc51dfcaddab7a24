import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'
import type { TransactionConfig } from '../two-phase-commit/config.ts'
import type { TwoPhaseMessage, TwoPhaseRecord, TwoPhaseState } from '../two-phase-commit/state.ts'

export interface ShardedConfig extends TransactionConfig {
  /** Whether operations are transactions over shards. */
  readonly transactions: boolean
  /** How the shard of a key is determined. */
  readonly by: 'hash' | 'range' | 'directory'
  readonly shards: number
  readonly rebalanceMs: Millis
  readonly retransmitMs: Millis
  readonly requestTimeoutMs: Millis
}

/** A shard's place, with an epoch for each move. */
export interface Place {
  readonly owner: NodeId
  readonly epoch: number
}

export type ShardedMessage =
  | TwoPhaseMessage
  /** A shard's current place, for a coordinator that asked a former owner. */
  | { readonly type: 'placed'; readonly shard: number; readonly place: Place }
  | {
      readonly type: 'ask'
      readonly ticket: Ticket
      readonly requestId: string
      readonly shard: number
      readonly command: Command
    }
  | { readonly type: 'answer'; readonly requestId: string; readonly result: Completion }
  /** The node does not own the shard: no effect. */
  | {
      readonly type: 'moved'
      readonly requestId: string
      /** The refused ticket. Copies of the request with a later one are unaffected. */
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

export interface Asked {
  readonly command: Command
  /** Whether no owner has the request: it was refused, or waits for the directory. */
  idle: boolean
  /** The ticket of the last forwarding. */
  number: number
  ageMs: number
}

/** With transactions, keys of owned shards are items of two-phase commit. */
export interface ShardedState extends TwoPhaseState {
  readonly forwarding: Forwarding
  // The gateway.
  readonly asked: Map<string, Asked>
  /** The latest known places. */
  readonly places: Map<number, Place>
  /** The shard of each key, from the directory. */
  readonly listed: Map<string, number>
  // The owner.
  /** The content of each owned shard; undefined with transactions, where keys are items. */
  readonly owned: Map<number, unknown>
  /** Shards sent to a node that has not confirmed them. */
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
