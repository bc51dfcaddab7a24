import type { NodeId } from '@chaosproxy/faults'
import type { KnobValue, NodeStatus } from '@chaosproxy/protocols'

// What a node process and its owner say to each other: JSON lines, on the node's standard input and output. This channel
// does not run through the proxy, so it also works for a node that is cut off. The node ends when its input does.

/** The first line to a node. */
export interface NodeSetup {
  readonly id: NodeId
  readonly protocol: string
  readonly bug?: string | undefined
  /** What it replicates. */
  readonly object?: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  /** Where to dial each peer: a port of the proxy on 127.0.0.1. */
  readonly peers: readonly { readonly id: NodeId; readonly port: number }[]
  readonly seed: number
  readonly journalPath: string
  readonly logPath: string
  /** What the log counts from: a reading of the machine's monotonic clock in nanoseconds, a bigint in decimal. */
  readonly originNanos: string
}

/** Later lines. */
export type NodeRequest =
  | { readonly type: 'status' }
  /** The cluster is ready, and the run's time begins anew. */
  | { readonly type: 'origin'; readonly originNanos: string }

export type NodeReport =
  | { readonly type: 'ready'; readonly clientPort: number; readonly peerPort: number }
  /** On every change, and when asked for. */
  | { readonly type: 'status'; readonly status: NodeStatus }
  /** A deliberate mistake has made a difference here: told once. */
  | { readonly type: 'marked' }
  /** Its protocol's own code is to blame; the process ends. */
  | BrokenProtocol

export interface BrokenProtocol {
  readonly type: 'broken'
  readonly what: string
  /** Where in its code it threw, innermost first; empty where nothing was thrown. */
  readonly trace: readonly string[]
}
