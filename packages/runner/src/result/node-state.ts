import type { NodeId } from '@chaosproxy/faults'
import type { Json, Nanos } from '@chaosproxy/history'

/** What a node believes from this moment until its next state. */
export interface NodeState {
  /** Counted from the start of the run. */
  readonly at: Nanos
  readonly node: NodeId
  /** As the protocol calls it: leader, replica, store, … */
  readonly role: string
  /** Whether it leads in name only: see the status of nodes. */
  readonly alone?: boolean | undefined
  /** Term, epoch or view number, if the protocol has one. */
  readonly term?: number | undefined
  /** The values of its own copy, by key; keys that it has no copy of are left out. */
  readonly copies: readonly { readonly key?: string | undefined; readonly value: Json }[]
}
