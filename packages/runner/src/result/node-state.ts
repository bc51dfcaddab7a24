import type { NodeId } from '@chaosproxy/faults'
import type { Json, Nanos } from '@chaosproxy/history'

/** The state that a node attributes to itself, from the time `at` until the node's next `NodeState`. */
export interface NodeState {
  /** Nanoseconds since the run began. */
  readonly at: Nanos
  readonly node: NodeId
  /** The role as the protocol names it: leader, replica, store, … */
  readonly role: string
  /** Whether the node leads in name only, without reaching enough other nodes: see `NodeStatus`. */
  readonly alone?: boolean | undefined
  /** Term, epoch or view number, if the protocol has one. */
  readonly term?: number | undefined
  /** The values of the node's own copy, by key; keys without a copy are left out. */
  readonly copies: readonly { readonly key?: string | undefined; readonly value: Json }[]
}
