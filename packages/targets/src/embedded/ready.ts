import type { NodeId } from '@chaosproxy/faults'
import { environmentError, type UserError } from '@chaosproxy/history'
import { endOfLog } from '../command/log-tail.ts'
import type { EmbeddedNode } from './embedded-node.ts'

interface ReadyOptions {
  readonly watchers: Set<() => void>
  readonly timeoutMs: number
  /**
   * Whether the cluster may work without a leader. If no node reports within `LEADERLESS_AFTER_MS` whether it is ready,
   * such a cluster counts as ready.
   */
  readonly leaderless: boolean
  readonly broken: () => UserError | undefined
  readonly logPath: (node: NodeId) => string
}

/** After this time, which is longer than an election, a cluster counts as leaderless. */
const LEADERLESS_AFTER_MS = 3_000

/**
 * Resolves once every node has reported its status and is linked to the others, and one node is ready to serve. Without
 * the links, messages would be lost although no fault is injected.
 */
export async function ready(
  nodes: readonly EmbeddedNode[],
  { watchers, timeoutMs, leaderless, broken, logPath }: ReadyOptions,
): Promise<void> {
  const haveReported = () => nodes.every((node) => node.status() !== undefined && node.linked())
  const isReady = () =>
    haveReported() &&
    nodes.some((node) => {
      const status = node.status()
      return status?.ready ?? status?.leads
    })
  const isSilent = () => haveReported() && nodes.every((node) => node.status()?.ready === undefined)
  let patience: NodeJS.Timeout | undefined
  let waited = false
  let timer: NodeJS.Timeout | undefined
  let watcher: (() => void) | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      watcher = () => {
        const error = broken()
        const gone = nodes.find((node) => node.pid() === undefined)
        if (error !== undefined) reject(error)
        else if (gone !== undefined)
          reject(environmentError(`${gone.id} ended while the cluster was starting. ${endOfLog(logPath(gone.id))}`))
        else if (isReady() || (waited && isSilent())) resolve()
      }
      watchers.add(watcher)
      timer = setTimeout(() => {
        const roles = nodes.map((node) => `${node.id} ${node.status()?.role ?? 'silent'}`).join(', ')
        reject(
          environmentError(
            `no node is ready to serve after ${timeoutMs} ms (${roles}). Their logs are ${nodes.map(({ id }) => logPath(id)).join(', ')}`,
          ),
        )
      }, timeoutMs)
      // If there is still no leader after LEADERLESS_AFTER_MS, the nodes count as ready.
      if (leaderless)
        patience = setTimeout(() => {
          waited = true
          watcher?.()
        }, LEADERLESS_AFTER_MS)
      watcher()
    })
  } finally {
    clearTimeout(timer)
    clearTimeout(patience)
    if (watcher !== undefined) watchers.delete(watcher)
  }
}
