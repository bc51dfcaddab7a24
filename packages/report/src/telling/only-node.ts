import { type History, OK } from '@chaosproxy/history'

/** The one node that answered anything, of a cluster of several. */
export function onlyNode({ nodes, operations: { length, node, outcome } }: History, among: number): string | undefined {
  const answering = new Set<number | undefined>()
  for (let row = 0; row < length; row++) if (outcome[row] === OK) answering.add(node[row])
  const [only] = answering
  return answering.size !== 1 || only === undefined || among === 1 ? undefined : nodes[only]
}
