import type { Endpoint, Fault, NodeId } from '@chaosproxy/faults'
import type { Scenario } from './scenario.ts'

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
