import type { Endpoint, Fault, NodeId, Schedule } from '@chaosproxy/faults'
import type { Input, Millis, Nanos } from '@chaosproxy/history'
import type { ProtocolSettingValue } from '@chaosproxy/protocols'
import { keysIn, type Settings } from '@chaosproxy/workloads'
import type { FaultRecord } from '../result/run-summary.ts'

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
export type PlannedFault = Pick<FaultRecord, 'from' | 'to' | 'fault'>

/** How long one packet of a simulated connection takes. */
interface PlannedDelay {
  /** Who dialled whom, and how often before: `n1>redis 1` is n1's first connection to redis. */
  readonly connection: string
  readonly from: Endpoint
  /** Counted from 0, of those that this end sends. */
  readonly packet: number
  readonly takes: Nanos
  /** The least time that matters, as far as it is known: with a shorter one nothing goes wrong. */
  readonly least?: Nanos | undefined
}

/** One request's wait at an await of a program that is made longer: what it has read is old once it goes on. */
interface PlannedHold {
  /** Which await: `server.ts:31`, and `server.ts:31#2` for the second of a line; files as seen from the program's directory. */
  readonly at: string
  /** Since the scenario began; the first that comes to this await from then on is held. */
  readonly from: Nanos
  /** The await that others have to pass before it goes on. */
  readonly until: string
  /** How many of them. */
  readonly times: number
  /** It goes on after this long, even if none has passed. */
  readonly most: Nanos
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
  readonly settings: Settings
  readonly bug: string | undefined
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  readonly nodes: number
  /** Nodes that no client asks, and that faults hit like the others; absent: none. */
  readonly besides?: readonly NodeId[] | undefined
  /** Seeds what a scenario does not spell out: message and disk delays, and the nodes' own randomness. */
  readonly seed: number
  readonly timeoutMs: Millis
  /** Sorted by time. */
  readonly operations: readonly PlannedOperation[]
  /** Sorted by start. */
  readonly faults: readonly PlannedFault[]
  /** The packets that take another time than usual; absent: the seed decides for every packet. */
  readonly delays?: readonly PlannedDelay[] | undefined
  /** Absent: none. */
  readonly holds?: readonly PlannedHold[] | undefined
}

/** Every key that an operation names, in order of first appearance. */
export function keysOf(scenario: Scenario): string[] {
  const keys: Set<string> = new Set()
  for (const { input } of scenario.operations) for (const key of keysIn(input)) keys.add(key)
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

/** The same scenario with two nodes exchanged, for a cluster that elected a different first leader. */
export function swapNodes(scenario: Scenario, one: NodeId, other: NodeId): Scenario {
  const swap = (name: Endpoint): Endpoint => (name === one ? other : name === other ? one : name)
  return {
    ...scenario,
    operations: scenario.operations.map((operation) => ({ ...operation, node: swap(operation.node) })),
    faults: scenario.faults.map((planned) => ({ ...planned, fault: swapped(planned.fault, swap) })),
  }
}

const swapped = (fault: Fault, swap: (name: Endpoint) => Endpoint): Fault =>
  'nodes' in fault
    ? { ...fault, nodes: fault.nodes.map(swap) }
    : { ...fault, links: fault.links.map(({ from, to }) => ({ from: swap(from), to: swap(to) })) }
