import type { NodeId } from '@chaosproxy/faults'
import type { Input } from '@chaosproxy/history'
import type { Entry, Log } from '../log.ts'
import type { Origin, RoutedMessage, RoutedTimer } from '../routing/routing.ts'
import type { MemberState, SuccessionConfig } from '../routing/succession.ts'
import type { MessagesOf, RecordsOf, Turn, Types } from '../turn.ts'

// Sections are those of van Renesse & Schneider, "Chain Replication for Supporting High Throughput and Availability",
// 2004. In the paper, servers are fail-stop, and a master outside the chain knows which servers have failed. Here,
// nodes are disconnected and return, and the nodes themselves act as the master. A majority agrees on each
// configuration, so a chain is never shorter than a majority. Before a tail answers a query, it confirms that no later
// configuration has begun.

/**
 * An epoch, its chain, and the entries of the sender's log. A node that receives the message `begin` adopts these
 * entries. A node that receives `sealed` from a majority continues the longest log of the latest epoch.
 */
export interface Configuration {
  readonly epoch: number
  readonly chain: readonly NodeId[]
  readonly entries: readonly Entry[]
}

export type ChainMessage =
  | MessagesOf<{
      seal: { epoch: number }
      sealed: { epoch: number; last: Configuration }
      /** Answers a message of an earlier epoch: the sender of this answer has ended all epochs before `epoch`. */
      deposed: { epoch: number }
      /** The new configuration, passed along the new chain. */
      begin: Configuration
      /** Updates passed along the chain (§3.1); `from` is the number of the first entry. */
      update: {
        epoch: number
        from: number
        entries: readonly Entry[]
        origins: readonly (Origin | null)[]
      }
      /** Passed back along the chain: the tail has all entries up to `index`. */
      ack: { epoch: number; index: number }
      query: { epoch: number; origin: Origin; input: Input }
      confirm: { epoch: number; round: number }
      confirmed: { epoch: number; round: number }
      alive: { epoch: number }
      here: { epoch: number }
    }>
  | RoutedMessage

export type ChainRecord = RecordsOf<{
  sealed: { epoch: number }
  entries: { from: number; entries: readonly Entry[] }
  /** The entries replace those numbered `from` and higher. */
  begun: {
    epoch: number
    chain: readonly NodeId[]
    from: number
    entries: readonly Entry[]
  }
}>

/** The state of a node. The log is the paper's `Hist`; its entries after `acked` are `Sent`. */
export interface ChainState extends MemberState {
  // Durable.
  /** The earliest epoch in which this node may take part. */
  promised: number
  epoch: number
  chain: readonly NodeId[]
  readonly log: Log
  // In memory.
  /** The tail has all entries up to this number. */
  acked: number
  /** Whether the tail has confirmed that it began the epoch. */
  begun: boolean
  /**
   * Exists only while this node starts a new configuration. Maps each node that has sealed its epoch to that node's
   * last configuration. This node itself is included.
   */
  sealed: Map<NodeId, Configuration> | undefined
  /** The nodes from which the head has received a message since its last check. */
  heard: NodeId[]
  rounds: Map<NodeId, number>
}

export type Chain = Types<
  SuccessionConfig,
  ChainState,
  ChainMessage,
  ChainRecord,
  'silence' | 'gather' | 'check' | 'heartbeat' | RoutedTimer
>
export type ChainTurn = Turn<Chain>

/** Whether this node takes part in a chain: it has a chain, and has not promised a later epoch. */
export const isActive = ({ promised, epoch, chain }: ChainState): boolean => promised === epoch && chain.length > 0

export const isHead = (state: ChainState): boolean => isActive(state) && state.chain[0] === state.id
export const isTail = (state: ChainState): boolean => isActive(state) && state.chain.at(-1) === state.id
export const successorOf = ({ chain, id }: ChainState): NodeId | undefined => chain[chain.indexOf(id) + 1]
export const predecessorOf = ({ chain, id }: ChainState): NodeId | undefined => chain[chain.indexOf(id) - 1]
