import type { NodeId } from '@chaosproxy/faults'
import type { Completion, Input, Json, Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Generator } from '../generator.ts'
import type { Subject } from '../options.ts'
import type { Forwarding, Ticket } from '../routing/forwarding.ts'
import type { Turn, Types } from '../turn.ts'

export interface ShardedConfig extends Subject {
  /** How the shard of a key is found. */
  readonly by: 'hash' | 'range' | 'directory'
  readonly shards: number
  readonly rebalanceMs: Millis
  readonly retransmitMs: Millis
  readonly requestTimeoutMs: Millis
}

/** The place of a shard. Each move gives it a new epoch. */
export interface Place {
  readonly owner: NodeId
  readonly epoch: number
}

export type ShardedMessage =
  | {
      readonly type: 'ask'
      readonly ticket: Ticket
      readonly requestId: string
      readonly shard: number
      readonly command: Command
    }
  | { readonly type: 'answer'; readonly requestId: string; readonly result: Completion }
  /** The shard is not here: nothing was done. */
  | {
      readonly type: 'moved'
      readonly requestId: string
      /** The ticket's number: a refusal does not concern later copies of the request. */
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

/** A request of this node's clients. */
export interface Asked {
  readonly command: Command
  /** No owner has it: it was refused, or waits for the directory. */
  idle: boolean
  /** The number of the ticket that it was last passed on with. */
  number: number
  ageMs: number
}

export interface Leaving {
  readonly to: NodeId
  readonly epoch: number
  readonly content: Json
}

export interface ShardedState {
  readonly id: NodeId
  readonly nodes: readonly [NodeId, ...NodeId[]]
  readonly generator: Generator
  readonly forwarding: Forwarding
  // The gateway.
  readonly asked: Map<string, Asked>
  /** By shard: the latest place that this node knows of. */
  readonly places: Map<number, Place>
  /** By key, from the directory. */
  readonly listed: Map<string, number>
  // The owner.
  /** By shard: the object with the shard's keys. */
  readonly owned: Map<number, unknown>
  /** By shard: given away, but not confirmed yet. */
  readonly leaving: Map<number, Leaving>
  /** Counts changes of `owned`. */
  moves: number
}

export type Sharded = Types<ShardedConfig, ShardedState, ShardedMessage, ShardedRecord, 'again' | 'rebalance'>
export type ShardedTurn = Turn<Sharded>

/** At first, shards are dealt to the nodes in turn. */
export const firstPlace = ({ nodes }: Pick<ShardedState, 'nodes'>, shard: number): Place => ({
  owner: nodes[shard % nodes.length] ?? nodes[0],
  epoch: 0,
})

export const placeOf = (state: ShardedState, shard: number): Place =>
  state.places.get(shard) ?? firstPlace(state, shard)
