import { type History, isAnswered } from '@chaosproxy/history'

/** Returns the only node that answered anything. */
export function onlyNode(history: History, among: number): string | undefined {
  const { length, node } = history.operations
  if (among === 1) return undefined
  let only: number | undefined
  for (let row = 0; row < length; row++) {
    if (!isAnswered(history, row) || node[row] === only) continue
    if (only !== undefined) return undefined
    only = node[row]
  }
  return only === undefined ? undefined : history.nodes[only]
}
