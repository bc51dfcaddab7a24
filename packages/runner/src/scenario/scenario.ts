import type { Endpoint, Fault, NodeId, Schedule } from '@chaosproxy/faults'
import type { Input, Millis, Nanos } from '@chaosproxy/history'
import type { ProtocolSettingValue } from '@chaosproxy/protocols'
import { keysIn, type Settings } from '@chaosproxy/workloads'
import type { FaultRecord } from '../result/run-summary.ts'

/**
 * An operation and its start time. If the client is still busy then, the operation begins as soon as the client's
 * previous operation ends.
 */
export interface PlannedOperation {
  readonly at: Nanos
  /** Number of the client, from 0. A client runs one operation at a time. */
  readonly client: number
  readonly node: NodeId
  readonly input: Input
}

/** A fault with its nodes and links resolved, and its times. */
export type PlannedFault = Pick<FaultRecord, 'from' | 'to' | 'fault'>

/** The transit time of one packet of a simulated connection. */
interface PlannedDelay {
  /** The connection: `n1>redis 1` is n1's first connection to redis. */
  readonly connection: string
  readonly from: Endpoint
  /** Number of the packet among all packets that `from` sends, from 0. */
  readonly packet: number
  readonly takes: Nanos
  /** The shortest delay known to cause the failure. */
  readonly least?: Nanos | undefined
}

/** A request that waits longer than usual at an await, so that the values it has read may be stale. */
interface PlannedHold {
  /** The await: `server.ts:31` in the program's directory, or `server.ts:31#2` for the second await of a line. */
  readonly at: string
  /** Time since the start of the scenario. The first request that reaches the await after this time is held. */
  readonly from: Nanos
  /** The await that other requests must pass before the held request continues. */
  readonly until: string
  /** How many times other requests must pass the await that `until` names. */
  readonly times: number
  /** Maximum time after which the held request continues anyway. */
  readonly most: Nanos
}

/**
 * Everything that determines a run: the clients' operations and the faults, with times. In virtual time, equal
 * scenarios produce equal histories, byte for byte.
 */
export interface Scenario {
  readonly target: string
  /** The workload's name, or the path of its file. */
  readonly workload: string
  readonly settings: Settings
  readonly bug: string | undefined
  readonly targetSettings: { readonly [name: string]: ProtocolSettingValue }
  readonly nodes: number
  /** Nodes that clients do not call, but that faults affect like the others; absent if there are none. */
  readonly besides?: readonly NodeId[] | undefined
  /** Seed for what the scenario does not specify: message and disk delays, and the nodes' own randomness. */
  readonly seed: number
  readonly timeoutMs: Millis
  /** Sorted by time. */
  readonly operations: readonly PlannedOperation[]
  /** Sorted by start. */
  readonly faults: readonly PlannedFault[]
  /** The planned transit times. Every other packet takes the usual time. If absent, the seed draws all of them. */
  readonly delays?: readonly PlannedDelay[] | undefined
  /** Absent: none. */
  readonly holds?: readonly PlannedHold[] | undefined
}

/** Returns every key that an operation names, in order of first appearance. */
export function keysOf(scenario: Scenario): string[] {
  const keys: Set<string> = new Set()
  for (const { input } of scenario.operations) for (const key of keysIn(input)) keys.add(key)
  return [...keys]
}

/** Returns the scenario's faults as a schedule for the nemesis. Times count from the start of the scenario. */
export const scheduleOf = (scenario: Scenario): Schedule =>
  scenario.faults.map(({ from, to, fault }, i) => ({
    id: `fault-${i + 1}`,
    from,
    to,
    plan: fault,
  }))

/** Returns the scenario with two nodes exchanged, for a cluster that elected a different first leader. */
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
