import type { Fault, FaultKind, Link, NodeId } from '@chaosproxy/faults'
import type { Completion, Event, Input, Json, Millis, Nanos } from '@chaosproxy/history'
import type { NodeStatus, Session } from '@chaosproxy/protocols'
import type { ClusterChange } from '../result/cluster-change.ts'
import type { FaultRecord } from '../result/run-summary.ts'
import type { LiveJudge, LiveViolation } from './live-judge.ts'

// The ports a run is made of. The simulator implements them in virtual time, targets in real time, and a run cannot
// tell which. They take callbacks instead of returning promises: a simulated run is then one synchronous loop ordered
// only by (time, sequence), with no microtask queue to drain between events.

/** Undoes what the call that returned it did. Safe to call twice. */
export type Cancel = () => void

export interface Clock {
  /** Nanoseconds since the run began. */
  now(): Nanos
  /**
   * Calls back at `time`, or as soon as possible if it has passed; never before `at` has returned. Unless `keepsAlive` is
   * false, the process does not end before.
   */
  at(time: Nanos, callback: () => void, options?: { readonly keepsAlive?: boolean }): Cancel
}

export interface Request {
  readonly input: Input
  /** Has no effect, so an invocation without an answer counts as `fail`, not `info`. */
  readonly harmless: boolean
  /** Lets a cluster that retries internally apply the request once. */
  readonly session?: Session | undefined
  /** Whether nothing is written after this request. Recorders use it to recognise final reads. */
  readonly final?: boolean | undefined
}

/** One logical client's connection to one node, through the proxy. Never retries; one invocation at a time. */
export interface Client {
  /** Calls back exactly once, after the timeout at the latest (then with `info`, or `fail` if harmless). */
  invoke(request: Request, timeoutMs: Millis, completed: (completion: Completion) => void): void
  close(): void
}

/**
 * Healing calls back with how often the fault took effect: bytes or messages held, connections cut, processes killed.
 */
export type Heal = (healed: (outcome: Healed) => void) => void
export type Healed =
  | { readonly type: 'healed'; readonly hits: number; readonly lost?: LostContact | undefined }
  /** It may have taken effect all the same; without `hits` nobody knows. */
  | { readonly type: 'failed'; readonly error: string; readonly hits?: number | undefined }

/** Contact with what injected the fault was lost: for some time nobody knows whether it was in force. */
export interface LostContact {
  readonly why: string
  /** How long ago, counted from the healing, the fault was last known to be in force. */
  readonly knownAgo: Nanos
  /** How long ago it was first known to be over; absent if it is not even now. */
  readonly overAgo?: Nanos | undefined
}

export type Injected =
  | { readonly type: 'injected'; readonly heal: Heal }
  | { readonly type: 'failed'; readonly error: string }

/** Last known status; `undefined` for a node that does not answer (killed, paused, starting). */
export type ClusterStatus = ReadonlyMap<NodeId, NodeStatus | undefined>

export interface Cluster {
  readonly nodes: readonly NodeId[]
  /** Nodes that no client calls and faults hit like the others; absent if there are none. */
  readonly besides?: readonly NodeId[] | undefined
  readonly clock: Clock
  connect(node: NodeId): Client
  /** The fault is in force once this calls back. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  status(): ClusterStatus
  /** Whether what clients asked for is still being done, so that no read is final; absent if nobody can tell. */
  isUnderWay?(): boolean
  /**
   * How long nodes have to agree on the same before they count as settled, once a client has given up an update: it
   * may wait in a queue of theirs, and take effect between two final reads. Absent if nodes say themselves that they
   * owe something (`NodeStatus.owes`).
   */
  readonly lingersMs?: Millis | undefined
  /**
   * How long recovery may take after everything is healed, until the first reply; it may grow while the cluster runs. By
   * default as long as a run waits for agreement.
   */
  recoveryMs?(): Millis
  /**
   * False while a fault of this kind has nothing to hit however long it lasts, such as links of nodes that send each other
   * nothing. `links` are those that such faults were injected on. Absent if that is not known.
   */
  mayBite?(kind: FaultKind, links: readonly Link[]): boolean
  /**
   * Starts recording the traffic between clients and nodes; the run keeps that record instead of what its clients
   * report. Absent if there is no proxy on client links. Called once, before the first client connects.
   *
   * @param now Nanoseconds since the run began.
   */
  record?(sink: WireSink, now: () => Nanos): WireRecorder
  /** Clients that somebody else drives. Absent if the run has to drive clients of its own. */
  readonly observed?: ObservedClients | undefined
  /** Calls back with each change that the cluster has noticed and did not make itself. Absent if it notices none. */
  onChange?(changed: (change: ClusterChange) => void): void
  /** Nodes on which the protocol's deliberate bug has made a difference so far. */
  marked(): readonly NodeId[]
  /** Heals everything, ends every node, frees every port. */
  stop(stopped: () => void): void
}

/** Clients outside the run's control, of whom it knows only what the cluster's own proxy records. */
export interface ObservedClients {
  /** Whether they work until they are gone or the run is interrupted, however long that takes. */
  readonly untilGone: boolean
  /** Calls back once, when the first of their traffic has come. */
  onTraffic(came: () => void): void
  /** Calls back once, when they have ended by themselves. */
  onGone(gone: () => void): void
  /**
   * Calls back for each fault that somebody else injects, before or after this call: see `FaultNoticed`. All are healed by the
   * time the clients have ended.
   */
  onFault?(began: FaultNoticed): void
  /** Calls back once they are gone; ends those that are left, for this reason. */
  end(why: 'gone' | 'interrupted' | 'late', ended: () => void): void
  canRead(key: string): boolean
  /** Whether a retried change cannot be told from an intended repetition, because requests carry no identifier. */
  readonly repeatsAreDoubtful: boolean
  /**
   * What else the record says of the servers.
   *
   * @throws UserError (input) if nothing was recorded at all, which would look like success.
   */
  concluded(faults: readonly FaultRecord[]): Concluded
}

/** Called when somebody else injects a fault; calls the returned function with the hits when it is healed. */
export type FaultNoticed = (name: string, fault: Fault) => (hits: number) => void

export interface Concluded {
  readonly trouble: readonly string[]
  readonly doubts: readonly string[]
}

/** An event as a wire recorder writes it. Completions whose exchange stopped partway list the edges it reached. */
export type WireEvent = Event & {
  readonly edges?: readonly string[] | undefined
  /** The server removes a key by itself. */
  readonly expires?: boolean | undefined
}

/** Receives the events that a cluster's own proxy records, each with its line of the native format, newline included. */
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
  /** Called when no operation is open any more: writes whatever concerns the record as a whole. */
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
  /** Where in the record an event is, from its position; absent if there is no file. */
  readonly placeOf?: ((position: number) => LiveViolation['at']) | undefined
  /** Receives the record of the cluster's own proxy. If absent, the proxy does not record. */
  readonly wire?: WireHistory | undefined
}

/** Both views of a run as the proxy's lines; the client's view is the run's history. */
export interface WireHistory {
  client(line: string, event: Event): void
  backend(line: string): void
}
