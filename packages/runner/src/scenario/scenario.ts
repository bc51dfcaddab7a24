import type { Fault, NodeId, Schedule } from '@chaosproxy/faults'
import type { Input, Millis, Nanos } from '@chaosproxy/history'
import type { KnobValue } from '@chaosproxy/protocols'
import type { Settings } from '@chaosproxy/workloads'

/**
 * An operation and its start time. If its client is still busy then, it begins as soon as the previous operation ends.
 */
export interface PlannedOperation {
  readonly at: Nanos
  /** Counted from 0. A client runs one operation at a time. */
  readonly client: number
  readonly node: NodeId
  readonly input: Input
}

/** A fault with every selector resolved, and its times. */
export interface PlannedFault {
  readonly from: Nanos
  readonly to: Nanos
  readonly fault: Fault
}

/**
 * Everything that determines a run, in concrete terms: the clients' operations and the faults, with times. It can be
 * printed, shrunk, and played again in virtual time or on real processes. In virtual time the same scenario gives the
 * same history, byte for byte.
 */
export interface Scenario {
  readonly target: string
  /** The workload's name, or the path of its file. */
  readonly workload: string
  /** The workload's settings when its operations were drawn. */
  readonly settings: Settings
  readonly bug: string | undefined
  readonly knobs: { readonly [name: string]: KnobValue }
  readonly nodes: number
  /** Nodes that no client asks, and that faults hit like the others; absent: none. */
  readonly besides?: readonly NodeId[] | undefined
  /** Seeds what a scenario does not spell out: message and disk delays, and the nodes' own randomness. */
  readonly seed: number
  /** How long a client waits for an answer. */
  readonly timeoutMs: Millis
  /** Sorted by time. */
  readonly operations: readonly PlannedOperation[]
  /** Sorted by start. */
  readonly faults: readonly PlannedFault[]
}

/** Every key that an operation names, in order of first appearance. */
export function keysOf(scenario: Scenario): string[] {
  const keys: Set<string> = new Set()
  for (const { input } of scenario.operations) if (input.key !== undefined) keys.add(input.key)
  return [...keys]
}

/** The scenario's faults as a nemesis takes them; times count from its start. */
export const scheduleOf = (scenario: Scenario): Schedule =>
  scenario.faults.map(({ from, to, fault }, i) => ({
    id: `fault-${i + 1}`,
    from,
    to,
    plan: fault,
  }))
