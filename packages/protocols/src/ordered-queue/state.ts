import type { NodeId } from '@chaosproxy/faults'
import type { Millis } from '@chaosproxy/history'
import type { Command } from '../command.ts'
import type { Subject } from '../options.ts'
import type { MessagesOf, Turn, Types } from '../turn.ts'

interface OrderedQueueConfig extends Subject {
  readonly retransmitMs: Millis
}

/** An update and its origin. The number counts the updates of one life of one node. */
export interface Entry {
  readonly origin: NodeId
  readonly life: number
  readonly number: number
  readonly command: Command
}

export type OrderedQueueMessage = MessagesOf<{
  /** A message to the ordering node. */
  propose: { life: number; number: number; command: Command }
  /**
   * A message from the ordering node. `from` counts from 1. A message without entries asks how many entries the
   * receiver has.
   */
  entries: { from: number; entries: readonly Entry[] }
  have: { count: number }
}>

type OrderedQueueRecord = readonly Entry[]

export interface OrderedQueueState {
  readonly id: NodeId
  readonly peers: readonly NodeId[]
  readonly orderer: NodeId
  readonly life: number
  /** The node's log. All its entries have been applied to `held`. */
  readonly log: Entry[]
  readonly held: unknown
  proposed: number
  readonly pending: Map<number, { readonly requestId: string | undefined; readonly command: Command }>
  /** With apply-out-of-order: positions that were applied before earlier ones. */
  readonly early: Set<number>
  // The members below are used only on the ordering node.
  /**
   * The key identifies one start of a node. The value is the number of the last update that was accepted from the node
   * since this start.
   */
  readonly taken: Map<number, number>
  /** The number of entries that each node has, if known. */
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
