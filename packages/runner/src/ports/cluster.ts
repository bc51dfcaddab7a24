import type { Fault, FaultKind, Link, NodeId } from '@chaosproxy/faults'
import type { Completion, Event, Input, Json, Millis, Nanos } from '@chaosproxy/history'
import type { NodeStatus, Session } from '@chaosproxy/protocols'
import type { ClusterChange } from '../result/cluster-change.ts'
import type { FaultRecord } from '../result/run-summary.ts'
import type { LiveJudge, LiveViolation } from './live-judge.ts'

// The ports of a run. The simulator implements them in virtual time and targets in real time, and a run cannot
// distinguish them. They take callbacks instead of returning promises: a simulated run is then one synchronous loop
// ordered only by (time, sequence), without a microtask queue to drain between events.

/** Undoes the effect of the call that returned it. Safe to call twice. */
export type Cancel = () => void

export interface Clock {
  /** Returns nanoseconds since the run began. */
  now(): Nanos
  /**
   * Calls back at `time`, or as soon as possible if `time` has passed; never before `at` has returned. Unless
   * `keepsAlive` is false, the pending callback keeps the Node.js process alive.
   */
  at(time: Nanos, callback: () => void, options?: { readonly keepsAlive?: boolean }): Cancel
}

export interface Request {
  readonly input: Input
  /** Whether the request has no effect, so that an invocation without an answer counts as `fail`, not `info`. */
  readonly harmless: boolean
  /** Allows a cluster that retries internally to apply the request only once. */
  readonly session?: Session | undefined
  /** Whether no write follows this request. Recorders use it to recognise final reads. */
  readonly final?: boolean | undefined
}

/** One logical client's connection to one node, through the proxy. Never retries; one invocation at a time. */
export interface Client {
  /**
   * Calls back exactly once, at the latest after the timeout, which completes with `info`, or `fail` if the request is
   * harmless.
   */
  invoke(request: Request, timeoutMs: Millis, completed: (completion: Completion) => void): void
  close(): void
}

/**
 * Heals a fault, and calls back with how often it took effect: bytes or messages held, connections cut, processes
 * killed.
 */
export type Heal = (healed: (outcome: Healed) => void) => void
export type Healed =
  | { readonly type: 'healed'; readonly hits: number; readonly lost?: LostContact | undefined }
  /** The fault may have taken effect nevertheless; without `hits` the number is unknown. */
  | { readonly type: 'failed'; readonly error: string; readonly hits?: number | undefined }

/** Contact with the injector of the fault was lost: for some time it is unknown whether the fault was in force. */
export interface LostContact {
  readonly why: string
  /** Nanoseconds before the healing at which the fault was last known to be in force. */
  readonly knownAgo: Nanos
  /**
   * Nanoseconds before the healing at which the fault was first known to have ended; absent if this is unknown even at
   * the healing.
   */
  readonly overAgo?: Nanos | undefined
}

export type Injected =
  | { readonly type: 'injected'; readonly heal: Heal }
  | { readonly type: 'failed'; readonly error: string }

/** Last known status of each node; `undefined` for a node that does not answer (killed, paused, starting). */
export type ClusterStatus = ReadonlyMap<NodeId, NodeStatus | undefined>

export interface Cluster {
  readonly nodes: readonly NodeId[]
  /** Nodes that clients do not call, but that faults affect like the others; absent if there are none. */
  readonly besides?: readonly NodeId[] | undefined
  readonly clock: Clock
  connect(node: NodeId): Client
  /** Injects a fault; the fault is in force when this calls back. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  status(): ClusterStatus
  /** Whether requests of clients are still being executed, so that no read is final; absent if this cannot be known. */
  isUnderWay?(): boolean
  /**
   * Milliseconds for which nodes must agree before they count as settled, if a client has given up an update: the
   * update may wait in a queue of the nodes, and take effect between two final reads. Absent if nodes report pending
   * updates themselves (`NodeStatus.owes`).
   */
  readonly lingersMs?: Millis | undefined
  /**
   * Returns the milliseconds that recovery may take, from healing to the first reply; the value may grow while the
   * cluster runs. By default, as long as a run waits for agreement.
   */
  recoveryMs?(): Millis
  /**
   * Whether a fault of this kind can still take effect. False if it has nothing to affect however long it lasts, such
   * as links of nodes that send each other nothing. `links` are those on which faults of this kind were injected.
   * Absent if this is unknown.
   */
  mayBite?(kind: FaultKind, links: readonly Link[]): boolean
  /**
   * Starts recording the traffic between clients and nodes; the run keeps that record instead of the reports of its
   * clients. Absent if the links of clients have no proxy. Called once, before the first client connects.
   *
   * @param now Returns nanoseconds since the run began.
   */
  record?(sink: WireSink, now: () => Nanos): WireRecorder
  /** Clients that the run does not drive. Absent if the run drives its own clients. */
  readonly observed?: ObservedClients | undefined
  /**
   * Calls back with each change of the cluster that the cluster noticed but did not make. Absent if it notices none.
   */
  onChange?(changed: (change: ClusterChange) => void): void
  /** Returns the nodes on which the protocol's deliberate bug has taken effect so far. */
  marked(): readonly NodeId[]
  /** Heals every fault, ends every node, and frees every port. */
  stop(stopped: () => void): void
}

/** Clients outside the run's control, known only from the record of the cluster's own proxy. */
export interface ObservedClients {
  /** Whether the clients work until they end by themselves or the run is interrupted, however long that takes. */
  readonly untilGone: boolean
  /** Calls back once, at the first traffic of the clients. */
  onTraffic(came: () => void): void
  /** Calls back once, when the clients have ended by themselves. */
  onGone(gone: () => void): void
  /**
   * Calls back for each fault that is injected outside this run, before or after this call: see `FaultNoticed`. All of
   * these faults are healed by the time the clients have ended.
   */
  onFault?(began: FaultNoticed): void
  /** Calls back once all clients have ended; ends those that remain, for this reason. */
  end(why: 'gone' | 'interrupted' | 'late', ended: () => void): void
  canRead(key: string): boolean
  /**
   * Whether a retried change cannot be distinguished from an intended repetition, because requests carry no identifier.
   */
  readonly repeatsAreDoubtful: boolean
  /**
   * Returns further remarks about the servers from the record.
   *
   * @throws UserError (input) if nothing was recorded at all, which would look like success.
   */
  concluded(faults: readonly FaultRecord[]): Concluded
}

/**
 * Called when a fault is injected outside this run. Returns a function to be called with the fault's hits when it is
 * healed.
 */
export type FaultNoticed = (name: string, fault: Fault) => (hits: number) => void

export interface Concluded {
  readonly trouble: readonly string[]
  readonly doubts: readonly string[]
}

/**
 * An event as a wire recorder writes it. The completion of an exchange that stopped partway lists the edges that the
 * exchange reached.
 */
export type WireEvent = Event & {
  readonly edges?: readonly string[] | undefined
  /** Whether the event belongs to the server's own removal of an expired key, recorded as a write. */
  readonly expires?: boolean | undefined
}

/**
 * Receives the events that a cluster's own proxy records, each with its line of the native format, newline included.
 */
export interface WireSink {
  client(line: string, event: WireEvent): void
  backend(line: string, event: WireEvent): void
  /** The verdict so far, for the proxy's own API. */
  readonly judge?: Pick<LiveJudge, 'judged' | 'onViolation'> | undefined
}

export interface WireRecorder {
  note(f: string, value: Json): void
  /** Records an invocation that failed before reaching the proxy. */
  missed(invocation: MissedInvocation): void
  counts(): { readonly ok: number; readonly fail: number; readonly info: number }
  /** Called when no operation is open: writes the events that concern the record as a whole. */
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

export interface HistorySink {
  append(event: Event): void
  /** Returns where in the record an event is, given its position; absent without a file. */
  readonly placeOf?: ((position: number) => LiveViolation['at']) | undefined
  /** Receives the record of the cluster's own proxy. If absent, the proxy does not record. */
  readonly wire?: WireHistory | undefined
}

/** Both views of a run, as lines of the proxy; the clients' view is the run's history. */
export interface WireHistory {
  client(line: string, event: Event): void
  backend(line: string): void
}
