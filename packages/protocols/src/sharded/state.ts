import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'
import type { TransactionConfig } from '../two-phase-commit/config.ts'
import type { TwoPhaseMessage, TwoPhaseRecord, TwoPhaseState } from '../two-phase-commit/state.ts'

interface ShardedConfig extends TransactionConfig {
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
  | MessagesOf<{
      /** The current place of a shard, sent to a coordinator that asked a former owner. */
      placed: { shard: number; place: Place }
      ask: {
        ticket: Ticket
        requestId: string
        shard: number
        command: Command
      }
      answer: { requestId: string; result: Completion }
      /** The node does not own the shard. The request had no effect. */
      moved: {
        requestId: string
        /** The number of the refused ticket. Copies of the request with a later ticket are not refused. */
        number: number
        shard: number
        place: Place
      }
      // A move.
      take: { shard: number; epoch: number; content: Json }
      took: { shard: number; epoch: number }
      // The directory.
      where: { key: string }
      there: { key: string; shard: number }
    }>
  | TwoPhaseMessage

type ShardedRecord =
  | RecordsOf<{
      applied: { shard: number; input: Input }
      gave: {
        shard: number
        epoch: number
        to: NodeId
        content: Json
      }
      handed: { shard: number; epoch: number }
      took: { shard: number; epoch: number; content: Json }
      listed: { key: string; shard: number }
    }>
  | TwoPhaseRecord

export interface PendingRequest {
  readonly command: Command
  /** True if no owner has the request: it was refused, or waits for the directory. */
  idle: boolean
  /** The number of the ticket with which the request was last forwarded (see `Ticket`). */
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
  /**
   * The owned shards, each with its content as one object. With transactions, the content is undefined, because the
   * items of two-phase commit contain it.
   */
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
