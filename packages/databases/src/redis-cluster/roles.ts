import type { NodeId } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import { type CommandNode, type RoleWatch, watchRoles } from '@chaosproxy/targets/database'
import { ledOnce, openedAt } from '../redis/roles.ts'

const EVERY_MS = 100
const LONGEST_MS = 500

/**
 * Watches the master that has the first slot. Of two such masters, the one with the higher configuration epoch counts.
 *
 * There is a leader only once every node reports the cluster as ok, and every replica is connected.
 */
export function watchClusterRoles(nodes: readonly CommandNode<string>[]): RoleWatch {
  const ready = new Set<NodeId>()
  const asked = nodes.map((node) => ({ id: node.id, redis: openedAt(node, 'client') }))

  async function ask({ id, redis }: (typeof asked)[number]): Promise<string | undefined> {
    const own = ownLine(await redis.ask(['CLUSTER', 'NODES'], LONGEST_MS))
    if (own === undefined) return undefined
    if (!ready.has(id)) {
      const info = await redis.ask(['CLUSTER', 'INFO'], LONGEST_MS)
      const isInOrder = typeof info === 'string' && /^cluster_state:ok\r?$/m.test(info)
      if (isInOrder && isLinked(await redis.ask(['ROLE'], LONGEST_MS))) ready.add(id)
    }
    const [, , flags = '', , , , epoch = '0', , ...slots] = own.split(' ')
    const role = flags.split(',').includes('master') ? 'a master' : 'a replica'
    const leads = slots.some((range) => /^0(-|$)/.test(range))
    return `${leads ? 'leads: ' : ''}${role} in epoch ${epoch} with slots ${slots.join(' ') || 'none'}`
  }

  const watch = watchRoles({
    nodes: asked,
    role: { by: 'command', command: 'CLUSTER NODES', leads: '^leads', term: '^leads.*epoch (\\d+)', everyMs: EVERY_MS },
    ask,
  })
  return ledOnce(watch, {
    isReady: () => ready.size === nodes.length,
    close() {
      for (const { redis } of asked) redis.close()
    },
  })
}

const ownLine = (answer: Json | undefined): string | undefined =>
  typeof answer === 'string' ? answer.split('\n').find((line) => line.includes('myself')) : undefined

function isLinked(role: Json | undefined): boolean {
  if (!Array.isArray(role)) return false
  return role[0] === 'master' ? Array.isArray(role[2]) && role[2].length === 1 : role[3] === 'connected'
}
