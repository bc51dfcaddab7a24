import type { Fault, FaultKind, Link, NodeId } from '@chaosproxy/faults'
import type { Completion, Event, Input, Json, Millis, Nanos } from '@chaosproxy/history'
import type { NodeStatus, Session } from '@chaosproxy/protocols'
import type { ClusterChange } from '../result/cluster-change.ts'
import type { FaultRecord } from '../result/run-summary.ts'
import type { LiveJudge, LiveViolation } from './live-judge.ts'

// This file defines the ports of a run. The simulator implements them in virtual time, and targets implement them in
// real time; a run cannot tell the difference. Ports take callbacks instead of returning promises, so that a simulated
// run is one synchronous loop ordered only by (time, sequence).

/** Undoes the effect of the call that returned it. Safe to call twice. */
export type Cancel = () => void

export interface Clock {
  /** Returns nanoseconds since the run began. */
  now(): Nanos
  /**
   * Calls `callback` at `time` or as soon as possible afterwards. Never calls it before this method has returned. By
   * default, the pending callback keeps the Node.js process alive.
   */
  at(time: Nanos, callback: () => void, options?: { readonly keepsAlive?: boolean }): Cancel
}

export interface Request {
  readonly input: Input
  /** Whether the request changes nothing. Without an answer, its invocation then counts as `fail` instead of `info`. */
  readonly harmless: boolean
  /** Identifies the request, so that a cluster that retries internally applies it only once. */
  readonly session?: Session | undefined
  /** Whether no write follows this request. Recorders use it to recognise final reads. */
  readonly final?: boolean | undefined
}

/** One client's connection to one node, through the proxy. Never retries; one invocation at a time. */
export interface Client {
  /** Calls back exactly once. After the timeout, the completion is `info`, or `fail` for a harmless request. */
  invoke(request: Request, timeoutMs: Millis, completed: (completion: Completion) => void): void
  close(): void
}

/** Heals a fault. Calls back with the number of its effects: messages held, connections cut, processes killed. */
export type Heal = (healed: (outcome: Healed) => void) => void
export type Healed =
  | { readonly type: 'healed'; readonly hits: number; readonly lost?: LostContact | undefined }
  /** The healing failed. Without `hits`, the number of the fault's effects is unknown. */
  | { readonly type: 'failed'; readonly error: string; readonly hits?: number | undefined }

/** A time in which it is unknown whether a fault was in force, because contact with its injector was lost. */
export interface LostContact {
  readonly why: string
  /** The time from the last moment at which the fault was known to be in force until its healing, in nanoseconds. */
  readonly knownAgo: Nanos
  /**
   * How long before healing the fault had certainly ended, in nanoseconds. A fault ends before its healing if, for
   * example, its lease runs out. Absent if this time is unknown.
   */
  readonly overAgo?: Nanos | undefined
}

export type Injected =
  | { readonly type: 'injected'; readonly heal: Heal }
  | { readonly type: 'failed'; readonly error: string }

/** Last known status of each node; `undefined` for a node that does not answer. */
type ClusterStatus = ReadonlyMap<NodeId, NodeStatus | undefined>

export interface Cluster {
  readonly nodes: readonly NodeId[]
  /** Nodes that clients do not call, but that faults affect. */
  readonly besides?: readonly NodeId[] | undefined
  readonly clock: Clock
  connect(node: NodeId): Client
  /** Calls back once the fault is in force or the injection has failed. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  status(): ClusterStatus
  /** Whether requests of clients are still being executed. Meanwhile, no read is final. */
  isUnderWay?(): boolean
  /**
   * How long all nodes must agree, in milliseconds, after a client stopped waiting for an update. During this time, the
   * update may still wait in a queue and take effect. Absent if nodes report their pending updates (`NodeStatus.owes`).
   */
  readonly lingersMs?: Millis | undefined
  /**
   * Returns the milliseconds that recovery may take, from healing to the first reply. The value may grow during a run.
   * If absent, recovery may take as long as a run waits for agreement.
   */
  recoveryMs?(): Millis
  /**
   * Returns whether a fault of this kind that has not taken effect could do so if it lasted longer. False, for example,
   * for links between nodes that exchange no messages.
   */
  mayBite?(kind: FaultKind, links: readonly Link[]): boolean
  /**
   * Starts a record of the traffic between clients and nodes. The run keeps this record in place of its clients'
   * reports. Called before the first client connects. Absent if the clients' links have no proxy.
   *
   * @param now Returns nanoseconds since the run began.
   */
  record?(sink: WireSink, now: () => Nanos): WireRecorder
  /** Clients that the run does not drive, if there are any. */
  readonly observed?: ObservedClients | undefined
  /** Calls back at each change of the cluster that was made outside the run. */
  onChange?(changed: (change: ClusterChange) => void): void
  /** Returns the nodes on which the protocol's planted bug has taken effect so far. */
  marked(): readonly NodeId[]
  /** Heals every fault, ends every node, and frees every port. */
  stop(stopped: () => void): void
}

/** Clients outside the run's control, known only from the proxy's record. */
export interface ObservedClients {
  /** Whether the run lasts until its clients end by themselves or the user interrupts it. */
  readonly untilGone: boolean
  /** Calls back once, at the first traffic of the clients. */
  onTraffic(came: () => void): void
  /** Calls back once, when the clients have ended by themselves. */
  onGone(gone: () => void): void
  /**
   * Calls back for each fault injected outside this run, including faults before this call. These faults are healed
   * when the clients have ended.
   */
  onFault?(began: FaultNoticed): void
  /** Ends the remaining clients. Calls back once all clients have ended. */
  end(why: 'gone' | 'interrupted' | 'late', ended: () => void): void
  canRead(key: string): boolean
  /** Whether requests carry no identifier, so that a retry cannot be distinguished from an intended repetition. */
  readonly repeatsAreDoubtful: boolean
  /**
   * Returns further remarks about the servers.
   *
   * @throws UserError (input) if nothing at all was recorded: an empty record would look like success.
   */
  concluded(faults: readonly FaultRecord[]): Concluded
}

/**
 * Called when something other than this run injects a fault. When the fault is healed, the returned function is called
 * with the number of times that the fault took effect.
 */
export type FaultNoticed = (name: string, fault: Fault) => (hits: number) => void

export interface Concluded {
  readonly trouble: readonly string[]
  readonly doubts: readonly string[]
}

/**
 * An event as a wire recorder writes it. If the exchange is incomplete, `edges` names the boundaries of the proxy that
 * the request and its reply crossed, such as `backend-out`.
 */
export type WireEvent = Event & {
  readonly edges?: readonly string[] | undefined
  /** Whether the event is the server's own removal of an expired key. */
  readonly expires?: boolean | undefined
}

/** Receives the events of the proxy's record, each with its line of the native format, newline included. */
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
  /** Writes the events that concern the whole record, once no operation is open. */
  finish(): void
}

interface MissedInvocation {
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
  /** Returns the file and line of an event, given its position in the history. */
  readonly placeOf?: ((position: number) => LiveViolation['at']) | undefined
  /** Receives the record of the cluster's own proxy. If this member is absent, the proxy keeps no record. */
  readonly wire?: WireHistory | undefined
}

/** Receives two views of a run. The clients' view is the run's history; the backend's view is a record of its own. */
export interface WireHistory {
  client(line: string, event: Event): void
  backend(line: string): void
}
