import type { Fault, NodeId } from '@chaos/faults'
import type { Event, Json, Millis, Nanos } from '@chaos/history'
import type { NodeStatus, StoreCommand } from '@chaos/protocols'

// The ports a run is made of. The simulator implements them in virtual time, targets for real, and a run cannot know
// which. They take callbacks rather than return promises: a simulated run is then one synchronous loop whose only order
// is (time, sequence), with no microtask queue that would have to be drained between two events.

/** Undoes what the call that returned it did. Calling it twice does nothing more. */
export type Cancel = () => void

export interface Clock {
  /** Nanoseconds since the run began. */
  now(): Nanos
  /** Calls back at that time or, where it has passed, as soon as possible; never before `at` has returned. */
  at(time: Nanos, callback: () => void): Cancel
}

/**
 * How an invocation ended. `fail`: certainly had no effect. `info`: may have, now or later.
 * `node` is who answered, where that is known to differ from who was asked.
 */
export type Completion =
  | { readonly type: 'ok'; readonly value: Json }
  | { readonly type: 'fail' | 'info'; readonly error: string }

/** One logical client's connection to one node, by way of the proxy. Never retries. One invocation at a time. */
export interface Client {
  /** Calls back exactly once, at the latest when the timeout has passed (then with `info`, or `fail` for a read). */
  invoke(command: StoreCommand, timeoutMs: Millis, completed: (completion: Completion) => void): void
  close(): void
}

/** Healing calls back with how often the fault bit: bytes or messages held, connections cut, processes killed. */
export type Heal = (healed: (outcome: Healed) => void) => void
export type Healed =
  | { readonly type: 'healed'; readonly hits: number }
  | { readonly type: 'failed'; readonly error: string }

export type Injected =
  | { readonly type: 'injected'; readonly heal: Heal }
  | { readonly type: 'failed'; readonly error: string }

/** Last known; `undefined` for a node that does not answer (killed, paused, starting). */
export type ClusterStatus = ReadonlyMap<NodeId, NodeStatus | undefined>

export interface Cluster {
  readonly nodes: readonly NodeId[]
  readonly clock: Clock
  connect(node: NodeId): Client
  /** In force once called back. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  status(): ClusterStatus
  /** Where a deliberate mistake of the protocol has made a difference so far. */
  marked(): readonly NodeId[]
  /** Heals everything, ends every node, frees every port. */
  stop(stopped: () => void): void
}

/** Where a run's events go, as they happen. */
export interface HistorySink {
  append(event: Event): void
}
