import type { Report } from '@chaosproxy/checker'
import type { Fault, NodeId, Schedule } from '@chaosproxy/faults'
import type { Json, Millis, Nanos } from '@chaosproxy/history'
import type { RequirementResult } from './requirement-result.ts'
import type { RunConfig, Settings } from './run-spec.ts'

/** What is missing in a run that proves little. */
export type Lack = 'faults' | 'recovery' | 'concurrency' | 'successes' | 'record'

/** Everything known about a run besides its history. It is the content of `run.json`. */
export interface RunSummary {
  readonly chaos: 1
  readonly version: string
  /** The run's configuration, from which it can be repeated. */
  readonly spec: RunConfig
  /** Start of the run, in ISO 8601. */
  readonly startedAt: string
  /** A simulated run repeats to the byte. A real run repeats only its workload and its fault schedule. */
  readonly tier: 'simulated' | 'real'
  /**
   * The effect of the planted bug or, without a bug, the guarantee that the settings give up: `r + w is not more than
   * the replicas, so …`.
   */
  readonly weakness?: string | undefined
  /**
   * Changes of settings that would make the target promise the violated level, or at least make it sacrifice fewer
   * guarantees. Absent if no such changes are known.
   */
  readonly stronger?: Settings | undefined
  /** The violated level, if the target promises this level with the changed settings in `stronger`. */
  readonly strongerPromise?: string | undefined
  readonly durationNanos: Nanos
  readonly interrupted: boolean
  readonly schedule: Schedule
  readonly faults: readonly FaultRecord[]
  readonly operations: OperationCounts
  readonly phases: readonly PhaseSummary[]
  readonly nodes: readonly NodeSummary[]
  /** Why the run proves nothing, or less than it seems to: a fault that never took effect, … */
  readonly vacuous: readonly string[]
  /** What the run lacks, for each entry of `vacuous`. Absent in runs of earlier versions. */
  readonly lacks?: readonly Lack[] | undefined
  /** Remarks that do not change the verdict: no operations were concurrent, … */
  readonly notes?: readonly string[] | undefined
  /** Failures of the environment: a node that did not restart, … */
  readonly trouble: readonly string[]
  /** The messages between nodes that concern the violation, if they were recorded. */
  readonly heard?: Heard | undefined
  readonly convergedAfterHealNanos?: Nanos | undefined
  readonly report?: Report<string> | undefined
  /** The verdicts on the answers that clients got, and on those that nodes gave. Present if the proxy recorded both. */
  readonly views?: RunViews | undefined
  readonly expectation?: Expectation | undefined
  /** The results of requirements other than the expected level. */
  readonly requirements?: readonly RequirementResult[] | undefined
  readonly timing: { readonly checkMs: Millis }
  /** The command that repeats the run; only in `run.json`. */
  readonly again?: string | undefined
}

/** Properties of a run that its history does not contain. */
export type RunSetup = Pick<
  RunSummary,
  'spec' | 'weakness' | 'stronger' | 'strongerPromise' | 'interrupted' | 'vacuous' | 'trouble' | 'again'
>

/** The two views of a run: the answers that clients got, and the answers that nodes gave. */
export interface RunViews {
  /** The headline for the clients' view, which is also the headline of the run. */
  readonly client: string
  readonly backend: Report
  /** How many outcomes only the proxy knows. */
  readonly settled: {
    /** Write requests that were never sent to a node, and so certainly failed. */
    readonly neverLeft: number
    /** Requests that a node answered although the client got no answer. */
    readonly untold: number
  }
  /** Sentences about differences between the clients' view and the nodes' view. */
  readonly said: readonly string[]
}

/** A fault with its nodes and links resolved, and its actual start and end. */
export interface FaultRecord {
  readonly id: string
  readonly fault: Fault
  readonly from: Nanos
  readonly to: Nanos
  /**
   * How often the fault took effect: chunks held, connections reset, processes killed. A fault with 0 hits proves
   * nothing.
   */
  readonly hits: number
  /** Start of the healing of a kill. From this time until `to`, killed nodes were starting. */
  readonly healingFrom?: Nanos | undefined
  /** Present if it is unknown whether the fault was in force after `to`, because contact with its injector was lost. */
  readonly inDoubt?:
    | {
        readonly why: string
        /** The earliest time at which the fault had certainly ended; absent if no such time is known. */
        readonly until?: Nanos | undefined
      }
    | undefined
  /** Why the fault was not injected: `n1 was down or paused already`. */
  readonly skipped?: string | undefined
  /**
   * Time from the beginning of the fault to the first answer to an operation that was called during or after the fault.
   */
  readonly recoveryNanos?: Nanos | undefined
}

/** The messages between nodes that are relevant to a violation. */
export interface Heard {
  readonly listening: Listening
  /** The messages, in the order of sending. */
  readonly messages: readonly NodeMessage[]
  /** Whether messages are, or may be, missing. */
  readonly isCut: boolean
  /** Why it is unknown whether a message with the change was sent. Absent if this is known. */
  readonly unclear?: 'not recorded' | 'not recognised' | undefined
  /**
   * Servers outside the cluster that received the change, and that the reading node has not asked about the key since
   * they received the change. The reading node is the one that answered without the change.
   */
  readonly unasked?: readonly NodeId[] | undefined
}

/** Selects the messages to keep: messages between the given nodes, and messages with one of the given changes. */
export interface Listening {
  /** Nanoseconds since the run began. */
  readonly from: Nanos
  readonly to: Nanos
  readonly between: readonly NodeId[]
  readonly about: readonly Change[]
}

/** A question about the messages of a run. It can be asked after the run, even if the cluster is stopped. */
export interface Recollection {
  readonly listening: Listening
  /**
   * Other changes of the same key. If the messages show one of them in a recognisable form, the absence of the change
   * in question means that no message contained it.
   */
  readonly known: readonly Change[]
  /**
   * All keys of the run. A message that names some of these keys, but not the key in `listening`, is no request for
   * that key.
   */
  readonly keys: readonly string[]
  /** Start of the run, by the cluster's clock. */
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
  /** The sender's name for the message: `append`. */
  readonly type: string
  readonly sentAt: Nanos
  /** Time at which the message was received or lost; absent if it was still in transit. */
  readonly endedAt?: Nanos | undefined
  readonly fate: 'received' | 'lost' | 'held' | 'on its way'
  /** The kind of the fault that delayed or lost the message; `down` if the receiver was down. */
  readonly by?: string | undefined
  /**
   * The requested change that the message contains. If the message contains several requested changes, the latest of
   * them.
   */
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

/** The operations called under one combination of faults: `calm`, `kill+partition`, `healed`. */
export interface PhaseSummary {
  readonly phase: string
  /** Whether, throughout the phase, some node could reach a majority of all nodes. */
  readonly majority: boolean
  /** The phase's share of the run's time, from 0 to 1. */
  readonly share: number
  readonly operations: number
  /** The share of operations answered without an error, from 0 to 1. A refusal that the model allows is no error. */
  readonly availability: number
  /** The availability for operations sent to nodes that were up. */
  readonly upAvailability?: number | undefined
  /** Median latency of answered operations; absent if there are none. */
  readonly p50Nanos?: Nanos | undefined
  readonly p99Nanos?: Nanos | undefined
  readonly slowestRecoveryNanos?: Nanos | undefined
  /** Number of certainly stale reads called in the phase, if staleness was measured. */
  readonly staleReads?: number | undefined
  /** The levels with a counterexample that ends in this phase, strongest first. */
  readonly violated?: readonly string[] | undefined
}

export interface NodeSummary {
  readonly node: string
  readonly operations: number
  readonly availability: number
}

export interface Expectation {
  readonly level: string
  /** Whether the level is the target's own promise, and not requested by the user. */
  readonly promised?: true | undefined
  readonly met: boolean | 'unknown'
}
