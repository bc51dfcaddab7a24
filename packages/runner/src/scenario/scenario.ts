import type { Fault, NodeId, Schedule } from '@chaos/faults'
import type { Input, Millis, Nanos } from '@chaos/history'
import type { KnobValue } from '@chaos/protocols'
import type { Settings } from '@chaos/workloads'

/** An operation, and when it is to begin. A client whose last one has not ended by then begins it as soon as it has. */
export interface PlannedOperation {
  readonly at: Nanos
  /** Counted from 0. One operation of a client at a time. */
  readonly client: number
  readonly node: NodeId
  readonly input: Input
}

/** A fault with every selector resolved, and when it is in force. */
export interface PlannedFault {
  readonly from: Nanos
  readonly to: Nanos
  readonly fault: Fault
}

/**
 * Everything that decides a run, concretely: what clients ask and what breaks, each at its time. It can be printed, cut
 * down, and played again, in virtual time or on real processes. In virtual time the same scenario gives the same history,
 * to the byte.
 */
export interface Scenario {
  readonly target: string
  /** The workload's name, or the path of its file. */
  readonly workload: string
  /** Of the workload, as its operations were drawn. */
  readonly settings: Settings
  readonly bug: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly nodes: number
  /** Of what a scenario does not spell out: delays of messages and disks, and the nodes' own chance. */
  readonly seed: number
  /** How long a client waits for an answer. */
  readonly timeoutMs: Millis
  /** In order of their times. */
  readonly operations: readonly PlannedOperation[]
  /** In order of their beginnings. */
  readonly faults: readonly PlannedFault[]
}

/** Every key that an operation names, in order of first appearance. */
export const keysOf = (scenario: Scenario): string[] => [
  ...new Set(scenario.operations.flatMap(({ input }) => input.key ?? [])),
]

/** Its faults as a nemesis takes them; their times count from the start of the scenario. */
export const scheduleOf = (scenario: Scenario): Schedule =>
  scenario.faults.map(({ from, to, fault }, i) => ({
    id: `fault-${i + 1}`,
    from,
    to,
    plan: fault,
  }))
