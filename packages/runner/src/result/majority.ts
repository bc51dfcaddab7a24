import { type Fault, type NodeFault, type NodeId, stopsNodes } from '@chaosproxy/faults'

/**
 * Whether some node could reach a majority of all nodes, itself included. Two nodes reach each other if neither
 * direction is cut.
 */
export function hasMajority(nodes: readonly NodeId[], faults: readonly Fault[]): boolean {
  const down = new Set(faults.flatMap((fault) => (isStopping(fault) ? fault.nodes : [])))
  const cut = new Set<string>()
  for (const fault of faults) {
    if (fault.kind === 'partition') for (const { from, to } of fault.links) cut.add(`${from}>${to}`)
  }
  const up = nodes.filter((node) => !down.has(node))
  const reaches = (one: NodeId, other: NodeId): boolean =>
    one === other || !(cut.has(`${one}>${other}`) || cut.has(`${other}>${one}`))
  return up.some((one) => up.filter((other) => reaches(one, other)).length > nodes.length / 2)
}

/** Whether the fault prevents its nodes from doing anything while it lasts. */
export const isStopping = (fault: Fault): fault is NodeFault => 'nodes' in fault && stopsNodes(fault.kind)
