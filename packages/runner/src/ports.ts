import type { Fault, NodeId } from '@chaos/faults'
import type { Completion, Event, Input, Json, Millis, Nanos } from '@chaos/history'
import type { NodeStatus, Session } from '@chaos/protocols'

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

export interface Request {
  readonly input: Input
  /** Leaves nothing behind: where there is no answer, it is as good as never made (`fail`, not `info`). */
  readonly harmless: boolean
  /** Lets whoever retries within the cluster have it carried out once. */
  readonly session?: Session | undefined
  /** After it nothing is written any more: a record on the way has to tell such reads from others. */
  readonly final?: boolean | undefined
}

/** One logical client's connection to one node, by way of the proxy. Never retries. One invocation at a time. */
export interface Client {
  /** Calls back exactly once, at the latest when the timeout has passed (then with `info`, or `fail` where harmless). */
  invoke(request: Request, timeoutMs: Millis, completed: (completion: Completion) => void): void
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
  /**
   * Begins to record what passes between clients and nodes: what the run then keeps in place of what its clients say.
   * Absent where nothing stands between them that could. Called once, before the first client is.
   *
   * @param now Nanoseconds since the run began.
   */
  record?(sink: WireSink, now: () => Nanos): WireRecorder
  /** Where a deliberate mistake of the protocol has made a difference so far. */
  marked(): readonly NodeId[]
  /** Heals everything, ends every node, frees every port. */
  stop(stopped: () => void): void
}

/** Where a cluster's own proxy writes what it sees: events of the native format, each a line with its end. */
export interface WireSink {
  /** What the clients were told. */
  client(line: string): void
  /** What the nodes were asked, and answered. */
  backend(line: string): void
}

/** A record that a cluster's own proxy writes of its clients. */
export interface WireRecorder {
  /** What the nemesis does. */
  note(f: string, value: Json): void
  /** A client was not served, and did not get as far as the proxy. */
  missed(invocation: MissedInvocation): void
  counts(): { readonly ok: number; readonly fail: number; readonly info: number }
  /** No operation is open any more: what is still to be said of the record as a whole is written. */
  finish(): void
}

export interface MissedInvocation {
  readonly session: string
  readonly node: NodeId
  readonly f: string
  readonly key?: string | undefined
  readonly value: Json
  readonly final: boolean
  readonly error: string
}

/** Where a run's events go, as they happen. */
export interface HistorySink {
  append(event: Event): void
  /** Takes what the cluster's own proxy records. Without it that is not asked for. */
  readonly wire?: WireHistory | undefined
}

/** The two views of a run, as the proxy's lines; the client's is the run's own. */
export interface WireHistory {
  client(line: string, event: Event): void
  backend(line: string): void
}
