import { type History, isAnswered } from '@chaosproxy/history'

/** The one node that answered anything, of a cluster of several. */
export function onlyNode(history: History, among: number): string | undefined {
  const { length, node } = history.operations
  const answering = new Set<number | undefined>()
  for (let row = 0; row < length; row++) if (isAnswered(history, row)) answering.add(node[row])
  const [only] = answering
  return answering.size !== 1 || only === undefined || among === 1 ? undefined : history.nodes[only]
}
