import type { NodeId } from '@chaos/faults'
import { UserError } from '@chaos/history'
import { lastLines } from './log-tail.ts'
import type { ManagedNode } from './managed-node.ts'

/** Resolves once every node has reported itself and one leads. */
export async function ready(
  nodes: readonly ManagedNode[],
  { watchers, timeoutMs, logPath }: { watchers: Set<() => void>; timeoutMs: number; logPath: (node: NodeId) => string },
): Promise<void> {
  const isReady = () => nodes.every((node) => node.status() !== undefined) && nodes.some((node) => node.status()?.leads)
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

/** Who leads, as it believes itself; of several the one in the highest term, and nobody where that leaves several. */
export function leaderOf(nodes: readonly ManagedNode[]): NodeId | undefined {
  let leaders: NodeId[] = []
  let highest = Number.NEGATIVE_INFINITY
  for (const node of nodes) {
    const status = node.status()
    const term = status?.term ?? 0
    if (!status?.leads || term < highest) continue
    leaders = term > highest ? [node.id] : [...leaders, node.id]
    highest = term
  }
  return leaders.length === 1 ? leaders[0] : undefined
}

function endedEarly(node: NodeId, logPath: string): UserError {
  return new UserError(
    'environment',
    `${node} ended while the cluster was starting. ${lastLines(logPath)}\nIts log is ${logPath}`,
  )
}
