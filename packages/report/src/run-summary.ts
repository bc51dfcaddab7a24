import type { Report } from '@chaosproxy/checker'
import type { Fault, FaultChoice, Schedule } from '@chaosproxy/faults'
import type { Millis, Nanos } from '@chaosproxy/history'

/** Everything a run says of itself beside its history: the content of `run.json`, and what result pages are made from. */
export interface RunSummary {
  readonly chaos: 1
  readonly version: string
  readonly spec: RunConfig
  /** ISO 8601, when it began. */
  readonly startedAt: string
  /** Which promise of determinism applies: a simulated run repeats to the byte, a real one repeats workload and schedule. */
  readonly tier: 'simulated' | 'real'
  readonly durationNanos: Nanos
  readonly interrupted: boolean
  readonly schedule: Schedule
  readonly faults: readonly FaultRecord[]
  readonly operations: OperationCounts
  readonly phases: readonly PhaseSummary[]
  readonly nodes: readonly NodeSummary[]
  /** Why the run proves nothing, or less than it seems to: no successful read, a fault that never bit, … */
  readonly vacuous: readonly string[]
  /** Trouble of the environment met on the way: a node that did not restart, … */
  readonly trouble: readonly string[]
  readonly convergedAfterHealNanos?: Nanos | undefined
  readonly report?: Report<string> | undefined
  /** Where the proxy recorded the run. */
  readonly views?: RunViews | undefined
  readonly expectation?: Expectation | undefined
  readonly timing: { readonly checkMs: Millis }
}

/** What the clients were told, and what the nodes answered, judged apart. */
export interface RunViews {
  /** The headline of what the clients were told: the run's own. */
  readonly client: string
  readonly backend: Report
  /** How many outcomes the proxy knows that their clients could not. */
  readonly settled: {
    /** Requests that would have changed something, and never left for a node: they certainly failed. */
    readonly neverLeft: number
    /** A node answered, and its client never learned it. */
    readonly untold: number
  }
  /** In words, where there is something to say. */
  readonly said: readonly string[]
}

/** What the run was asked to be: a run started from it is the same again. */
export interface RunConfig {
  readonly target: { readonly name: string; readonly bug?: string | undefined; readonly settings: Settings }
  readonly workload: { readonly name: string; readonly settings: Settings }
  readonly nodes: number
  readonly clients: number
  /** Operations per second, over all clients together. */
  readonly rate: number
  readonly timeMs: Millis
  readonly timeoutMs: Millis
  readonly faults: readonly FaultChoice[]
  readonly seed: number
}

interface Settings {
  readonly [name: string]: number | boolean | string
}

/** A fault as it was: its selectors resolved, its real start and end. */
export interface FaultRecord {
  readonly id: string
  readonly fault: Fault
  readonly from: Nanos
  readonly to: Nanos
  /** How often it bit: chunks held or dropped, connections reset, processes killed. 0 means that it proved nothing. */
  readonly hits: number
  /** Until the cluster served an operation again that was invoked after this fault began; absent if it never stopped serving. */
  readonly recoveryNanos?: Nanos | undefined
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
 * Operations by what was wrong while they were called: `calm`, `partition`, `kill`, `pause`, `kill+partition`, `kill, no
 * majority up`, `healed`.
 */
export interface PhaseSummary {
  readonly phase: string
  /** Whether some node could reach a majority of all nodes throughout. */
  readonly majority: boolean
  /** Of the run's time, 0 to 1. */
  readonly share: number
  readonly operations: number
  /** Operations answered (`ok`, or a definite no that the model allows, such as a cas that found another value), 0 to 1. */
  readonly availability: number
  /** The same of operations asked of nodes that were up; absent where all were, or none was asked. */
  readonly upAvailability?: number | undefined
  /** Of answered operations; absent where none was. */
  readonly p50Nanos?: Nanos | undefined
  readonly p99Nanos?: Nanos | undefined
  readonly slowestRecoveryNanos?: Nanos | undefined
}

export interface NodeSummary {
  readonly node: string
  readonly operations: number
  readonly availability: number
}

export interface Expectation {
  readonly level: string
  /** The target's own promise, not a level that somebody asked for. */
  readonly promised?: true | undefined
  readonly met: boolean | 'unknown'
}
