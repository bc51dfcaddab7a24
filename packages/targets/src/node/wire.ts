import type { NodeId } from '@chaosproxy/faults'
import type { NodeStatus, ProtocolOptions, Tagged } from '@chaosproxy/protocols'

// The messages between a node process and its owner: JSON lines on standard input and output. They bypass the proxy,
// and so reach a partitioned node. The process of a node ends when its standard input ends.

/** The first line that a node receives. */
export interface NodeSetup extends ProtocolOptions {
  readonly id: NodeId
  readonly protocol: string
  /** Where to dial each peer: a port of the proxy on 127.0.0.1. */
  readonly peers: readonly { readonly id: NodeId; readonly port: number }[]
  readonly seed: number
  readonly journalPath: string
  readonly logPath: string
  /** A reading of the machine's monotonic clock in nanoseconds, as a decimal bigint. */
  readonly originNanos: string
}

/** Any line that a node receives after its `NodeSetup`. */
export type NodeRequest =
  | { readonly type: 'status' }
  /** The cluster is ready, and the run's time begins. */
  | { readonly type: 'origin'; readonly originNanos: string }

export type NodeReport =
  /** The protocol's own code failed. The process ends. */
  | BrokenProtocol
  | Tagged<
      'type',
      {
        ready: { clientPort: number; peerPort: number }
        /** The node's status, sent after each change of it, and on request. */
        status: { status: NodeStatus }
        /** Sent once, when a deliberate bug first changes this node's behaviour. */
        marked: unknown
        /** Sent once, after each peer has dialled this node. */
        linked: unknown
      }
    >

export interface BrokenProtocol {
  readonly type: 'broken'
  readonly what: string
  /** The stack of the error that the protocol's code threw, innermost frame first. Empty if the code threw nothing. */
  readonly trace: readonly string[]
}
