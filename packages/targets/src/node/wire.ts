import type { NodeId } from '@chaosproxy/faults'
import type { NodeStatus, ProtocolSettingValue } from '@chaosproxy/protocols'

// The messages between a node process and its owner: JSON lines on the node's standard input and output. They do not
// pass through the proxy, so they also reach a node that is partitioned. The node ends when its input does.

/** The first line to a node. */
export interface NodeSetup {
  readonly id: NodeId
  readonly protocol: string
  readonly bug?: string | undefined
  /** The object that it replicates. */
  readonly object?: string | undefined
  readonly settings: { readonly [name: string]: ProtocolSettingValue }
  /** Where to dial each peer: a port of the proxy on 127.0.0.1. */
  readonly peers: readonly { readonly id: NodeId; readonly port: number }[]
  readonly seed: number
  readonly journalPath: string
  readonly logPath: string
  /** The zero of the log's times: a reading of the machine's monotonic clock in nanoseconds, as a decimal bigint. */
  readonly originNanos: string
}

/** All lines after the first. */
export type NodeRequest =
  | { readonly type: 'status' }
  /** The cluster is ready, and the run's time starts again at zero. */
  | { readonly type: 'origin'; readonly originNanos: string }

export type NodeReport =
  | { readonly type: 'ready'; readonly clientPort: number; readonly peerPort: number }
  /** Sent on every change, and on request. */
  | { readonly type: 'status'; readonly status: NodeStatus }
  /** Sent once, when a deliberate bug first changes this node's behaviour. */
  | { readonly type: 'marked' }
  /** Sent once, when each peer has dialled this node. */
  | { readonly type: 'linked' }
  /** The protocol's own code failed; the process ends. */
  | BrokenProtocol

export interface BrokenProtocol {
  readonly type: 'broken'
  readonly what: string
  /** Where in its code it threw, innermost first; empty if nothing was thrown. */
  readonly trace: readonly string[]
}
