import type { Report } from '@chaosproxy/checker'
import type { Fault, NodeId, Schedule } from '@chaosproxy/faults'
import type { Json, Millis, Nanos } from '@chaosproxy/history'
import type { RequirementResult } from './requirement-result.ts'
import type { RunConfig, Settings } from './run-spec.ts'

/**
 * What a run lacks that proves little: operations under faults, an answer after healing, operations at once, operations that
 * succeed, or a record of what happened.
 */
export type Lack = 'faults' | 'recovery' | 'concurrency' | 'successes' | 'record'

/** Everything known about a run besides its history: the content of `run.json` and the input of the result pages. */
export interface RunSummary {
  readonly chaos: 1
  readonly version: string
  /** The run's configuration, from which it can be repeated. */
  readonly spec: RunConfig
  /** When it began, in ISO 8601. */
  readonly startedAt: string
  /** Which determinism applies: a simulated run repeats to the byte, a real one repeats workload and fault schedule. */
  readonly tier: 'simulated' | 'real'
  /** What the planted bug does; otherwise what the settings of the target give up: `r + w is not more than the replicas, so …`. Absent if nothing is known. */
  readonly weakness?: string | undefined
  /** Settings that give up nothing of that, as far as the target knows; absent if it has none. */
  readonly stronger?: Settings | undefined
  /** The violated level that the target promises with these settings. */
  readonly strongerPromise?: string | undefined
  readonly durationNanos: Nanos
  readonly interrupted: boolean
  readonly schedule: Schedule
  readonly faults: readonly FaultRecord[]
  readonly operations: OperationCounts
  readonly phases: readonly PhaseSummary[]
  readonly nodes: readonly NodeSummary[]
  /** Why the run proves nothing, or less than it seems to: no successful read, a fault that never took effect, … */
  readonly vacuous: readonly string[]
  /** What those say is lacking; absent in runs of earlier versions. */
  readonly lacks?: readonly Lack[] | undefined
  /** Remarks that change no verdict: nothing raced, … */
  readonly notes?: readonly string[] | undefined
  /** What went wrong in the environment: a node that did not restart, … */
  readonly trouble: readonly string[]
  /** What nodes sent each other while it went wrong; absent where that was not recorded, or nothing went wrong. */
  readonly heard?: Heard | undefined
  readonly convergedAfterHealNanos?: Nanos | undefined
  readonly report?: Report<string> | undefined
  /** Present if the proxy recorded the run. */
  readonly views?: RunViews | undefined
  readonly expectation?: Expectation | undefined
  /** What was required besides a level; absent if nothing was. */
  readonly requirements?: readonly RequirementResult[] | undefined
  readonly timing: { readonly checkMs: Millis }
  /** The command that repeats the run; in `run.json` alone. */
  readonly again?: string | undefined
}

/** What a history alone does not tell of the run that it is of. */
export type RunSetup = Pick<
  RunSummary,
  'spec' | 'weakness' | 'stronger' | 'strongerPromise' | 'interrupted' | 'vacuous' | 'again'
>

/** What clients were told and what nodes answered, judged separately. */
export interface RunViews {
  /** The headline for what clients were told, which is the run's own. */
  readonly client: string
  readonly backend: Report
  /** How many outcomes the proxy knows that the clients could not. */
  readonly settled: {
    /** Writing requests that were never sent to a node, and so certainly failed. */
    readonly neverLeft: number
    /** Requests that a node answered without the client learning of it. */
    readonly untold: number
  }
  /** Sentences about the difference; empty if there is none. */
  readonly said: readonly string[]
}

/** A fault with its selectors resolved and its actual start and end. */
export interface FaultRecord {
  readonly id: string
  readonly fault: Fault
  readonly from: Nanos
  readonly to: Nanos
  /**
   * How often it took effect: chunks held or dropped, connections reset, processes killed. 0 means it proved nothing.
   */
  readonly hits: number
  /** When its healing began, if that took time: from then on a killed node was starting. */
  readonly healingFrom?: Nanos | undefined
  /** Contact with what injected it was lost, so that from `to` on nobody knows whether it was in force. */
  readonly inDoubt?:
    | {
        readonly why: string
        /** From here on it is known to be over; absent if it never was. */
        readonly until?: Nanos | undefined
      }
    | undefined
  /** Why it was not injected: `n1 was down or paused already`. */
  readonly skipped?: string | undefined
  /**
   * Time until an operation invoked after the fault began was served again; absent if the cluster never stopped
   * serving.
   */
  readonly recoveryNanos?: Nanos | undefined
}

/** The messages between nodes that matter to a violation. */
export interface Heard {
  readonly listening: Listening
  /** In order of sending. */
  readonly messages: readonly NodeMessage[]
  /** Whether there were, or may have been, more than are kept. */
  readonly isCut: boolean
  /**
   * Why it cannot be told that nothing with the change was sent: not all that was sent was recorded, or the change cannot be
   * recognised in all that was. Absent if it can be told.
   */
  readonly unclear?: 'not recorded' | 'not recognised' | undefined
  /** The servers that are no nodes and received the change, and that the node that answered without it did not ask since. */
  readonly unasked?: readonly NodeId[] | undefined
}

/** Which messages are worth keeping: those between some nodes, and those with some change, wherever they go. */
export interface Listening {
  /** Nanoseconds of the run. */
  readonly from: Nanos
  readonly to: Nanos
  readonly between: readonly NodeId[]
  readonly about: readonly Change[]
}

/** What a cluster is asked about a run that is over, even once it is stopped. */
export interface Recollection {
  readonly listening: Listening
  /** Other changes of the same key: one that is recognised shows that changes can be. */
  readonly known: readonly Change[]
  /** Every key of the run: a message that names another one does not ask about this. */
  readonly keys: readonly string[]
  /** When the run began, by the cluster's clock. */
  readonly startedAt: Nanos
  readonly faults: readonly FaultRecord[]
}

export interface Change {
  readonly key?: string | undefined
  readonly value: Json
}

export interface NodeMessage {
  readonly from: NodeId
  readonly to: NodeId
  /** What the sender calls it: `append`. */
  readonly type: string
  readonly sentAt: Nanos
  /** When it was received or lost; absent if it was still held or on its way. */
  readonly endedAt?: Nanos | undefined
  readonly fate: 'received' | 'lost' | 'held' | 'on its way'
  /** The kind of the fault that held it for a while, or lost it; `down` if its receiver was not up. */
  readonly by?: string | undefined
  /** The change it has in it, of those listened for; of several the latest. */
  readonly carries?: Change | undefined
}

export interface OperationCounts {
  readonly total: number
  readonly ok: number
  readonly fail: number
  readonly info: number
  readonly reads: number
  readonly writes: number
  readonly cas: number
}

/**
 * The operations called during one combination of faults: `calm`, `partition`, `kill`, `pause`, `kill+partition`,
 * `kill, no majority up`, `healed`.
 */
export interface PhaseSummary {
  readonly phase: string
  /** Whether some node could reach a majority of all nodes throughout; true of a single node. */
  readonly majority: boolean
  /** The share of the run's time, 0 to 1. */
  readonly share: number
  readonly operations: number
  /**
   * The share of operations answered, 0 to 1: `ok`, or a refusal the model allows, such as a cas that found another
   * value.
   */
  readonly availability: number
  /** The same for operations sent to nodes that were up; absent if all were up, or none was asked. */
  readonly upAvailability?: number | undefined
  /** Over answered operations; absent if there are none. */
  readonly p50Nanos?: Nanos | undefined
  readonly p99Nanos?: Nanos | undefined
  readonly slowestRecoveryNanos?: Nanos | undefined
  /** Reads called then that were certainly stale; absent if that was not measured. */
  readonly staleReads?: number | undefined
  /** The levels whose counterexample ends in an operation called then, strongest first; absent if nothing was judged. */
  readonly violated?: readonly string[] | undefined
}

export interface NodeSummary {
  readonly node: string
  readonly operations: number
  readonly availability: number
}

export interface Expectation {
  readonly level: string
  /** The level is the target's own promise, not one asked for. */
  readonly promised?: true | undefined
  readonly met: boolean | 'unknown'
}
