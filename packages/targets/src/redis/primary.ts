import type { NodeId } from '@chaosproxy/faults'
import type { NodeAddress } from '../clients/planned-clients.ts'
import { type Asker, openAsker } from './ask.ts'
import { PRIMARY_NAME } from './declaration.ts'

/** Finds the primary by asking Sentinels as drivers do: first that of the client's own node, then the others. */
export interface PrimaryFinder {
  /** Undefined if no Sentinel names a primary in time. */
  find(timeoutMs: number): Promise<NodeId | undefined>
  close(): void
}

/** How long to wait for a Sentinel before trying the next one, if there is one. */
const PATIENCE_MS = 300

export function primaryFinder(home: NodeAddress, nodes: readonly NodeId[]): PrimaryFinder {
  const inOrder = [home.node, ...nodes.filter((node) => node !== home.node)]
  const askers = new Map<NodeId, Asker>()
  /** Identifies a node by its announced port, which is unique. */
  const byPort = new Map(nodes.map((node) => [String(announcedOf(home, node, 'client').port), node]))

  function askerOf(node: NodeId): Asker {
    const known = askers.get(node)
    if (known !== undefined) return known
    const made = openAsker(announcedOf(home, node, 'sentinel'))
    askers.set(node, made)
    return made
  }

  return {
    async find(timeoutMs) {
      const deadline = performance.now() + timeoutMs
      for (const [index, node] of inOrder.entries()) {
        const remainingMs = deadline - performance.now()
        if (remainingMs <= 0) return undefined
        const isLast = index === inOrder.length - 1
        const answer = await askerOf(node).ask(
          ['SENTINEL', 'GET-MASTER-ADDR-BY-NAME', PRIMARY_NAME],
          isLast ? remainingMs : Math.min(PATIENCE_MS, remainingMs),
        )
        if (Array.isArray(answer)) return byPort.get(String(answer[1]))
      }
      return undefined
    },
    close() {
      for (const asker of askers.values()) asker.close()
    },
  }
}

function announcedOf(home: NodeAddress, node: NodeId, port: string) {
  const address = node === home.node ? home : home.other?.(node)
  const announced = address?.announced?.(port)
  if (announced === undefined) throw new Error(`${node} announces no ${port}`)
  return announced
}
