import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { Turn, Types } from '../turn.ts'

export interface OrderedQueueConfig extends Subject {
  readonly retransmitMs: Millis
}

/** An update and its origin; the number counts the updates of one life of one node. */
export interface Entry {
  readonly origin: NodeId
  readonly life: number
  readonly number: number
  readonly command: Command
}

export type OrderedQueueMessage =
  /** To the node that orders. */
  | { readonly type: 'propose'; readonly life: number; readonly number: number; readonly command: Command }
  /**
   * From the node that orders; `from` is the place of the first entry, counted from 1. Without entries it asks how far
   * the receiver is.
   */
  | { readonly type: 'entries'; readonly from: number; readonly entries: readonly Entry[] }
  | { readonly type: 'have'; readonly count: number }

/** Entries that were appended to the node's log. */
type OrderedQueueRecord = readonly Entry[]

export interface OrderedQueueState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly orderer: NodeId
  readonly life: number
  /** All of its entries have been applied to `held`. */
  readonly log: Entry[]
  readonly held: unknown
  proposed: number
  /** By number: this node's updates that it has not applied yet. The request is absent if it was answered before. */
  readonly pending: Map<number, { readonly requestId: string | undefined; readonly command: Command }>
  /** With apply-out-of-order: places that were applied ahead of earlier ones. */
  readonly early: Set<number>
  // Used only on the node that orders.
  /** By life: the last number taken. */
  readonly taken: Map<number, number>
  /** By node: the number of entries it has; absent if unknown. */
  readonly have: Map<NodeId, number>
}

export type OrderedQueue = Types<
  OrderedQueueConfig,
  OrderedQueueState,
  OrderedQueueMessage,
  OrderedQueueRecord,
  'again'
>
export type OrderedQueueTurn = Turn<OrderedQueue>
