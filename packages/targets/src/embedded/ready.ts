import type { NodeId } from '@chaos/faults'
import { UserError } from '@chaos/history'
import { lastLines } from './log-tail.ts'
import type { ManagedNode } from './managed-node.ts'

/** Resolves once every node has reported itself and one leads. */
export async function ready(
  nodes: readonly ManagedNode[],
  { watchers, timeoutMs, logPath }: { watchers: Set<() => void>; timeoutMs: number; logPath: (node: NodeId) => string },
): Promise<void> {
  const isReady = () => nodes.every((node) => node.status() !== undefined) && leaderOf(nodes) !== undefined
  let timer: NodeJS.Timeout | undefined
  let watcher: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      watcher = () => {
        const gone = nodes.find((node) => node.pid() === undefined)
        if (gone !== undefined) reject(endedEarly(gone.id, logPath(gone.id)))
        else if (isReady()) resolve()
      }
      watchers.add(watcher)
      timer = setTimeout(() => {
        const roles = nodes.map((node) => `${node.id} ${node.status()?.role ?? 'silent'}`).join(', ')
        reject(new UserError('environment', `no node leads after ${timeoutMs} ms (${roles}); see the nodes' logs`))
      }, timeoutMs)
      watcher()
    })
  } finally {
    clearTimeout(timer)
    if (watcher !== undefined) watchers.delete(watcher)
  }
}

/** Who leads, as the leading node itself believes; the one in the highest term where several do. */
export function leaderOf(nodes: readonly ManagedNode[]): NodeId | undefined {
  let leader: { id: NodeId; term: number } | undefined
  for (const node of nodes) {
    const status = node.status()
    if (status?.leads && (leader === undefined || (status.term ?? 0) > leader.term))
      leader = { id: node.id, term: status.term ?? 0 }
  }
  return leader?.id
}

function endedEarly(node: NodeId, logPath: string): UserError {
  return new UserError(
    'environment',
    `${node} ended while the cluster was starting. ${lastLines(logPath)}\nIts log is ${logPath}`,
  )
}
