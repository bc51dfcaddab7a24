import type { NodeId } from '@chaosproxy/faults'
import type { Json } from '@chaosproxy/history'
import { type CommandNode, type RoleWatch, watchRoles } from '@chaosproxy/targets/database'
import { type Asker, openAsker } from './ask.ts'
import { PRIMARY_NAME } from './declaration.ts'

export interface RedisRolesOptions {
  readonly nodes: readonly CommandNode<string>[]
  readonly hasSentinels: boolean
}

const EVERY_MS = 100
const LONGEST_MS = 500
const LOOK_EVERY_MS = 20

/**
 * Watches the leader: a Redis that is a primary according to itself and to its own Sentinel. If there are two, the
 * higher Sentinel epoch counts.
 *
 * A cluster has a leader only once all replicas and Sentinels know each other. Before that, a Sentinel refuses a
 * failover with NOGOODSLAVE.
 */
export function watchRedisRoles({ nodes, hasSentinels }: RedisRolesOptions): RoleWatch {
  const ready = new Set<NodeId>()
  const asked = nodes.map((node) => {
    const { id, placeholders } = node
    return { id, placeholders, redis: openedAt(node, 'client'), sentinel: openedAt(node, 'sentinel') }
  })

  async function ask({ id, redis, sentinel, placeholders }: (typeof asked)[number]): Promise<string | undefined> {
    const role = await redis.ask(['ROLE'], LONGEST_MS)
    if (!Array.isArray(role)) return undefined
    const others = nodes.length - 1
    const isPrimary = role[0] === 'master'
    const replicas = Array.isArray(role[2]) ? role[2].length : 0
    if (!hasSentinels) {
      if (isPrimary) ready.add(id)
      return isPrimary ? 'leads: a primary' : 'a replica'
    }
    const members = membersOf(await sentinel.ask(['SENTINEL', 'MASTER', PRIMARY_NAME], LONGEST_MS))
    const isTaken = members.get('port') === String(placeholders()['announced-port.client'])
    const isLinked = isPrimary ? replicas === others : role[3] === 'connected'
    const isKnown = members.get('num-other-sentinels') === String(others)
    if (isLinked && isKnown && !ready.has(id)) {
      const known = await sentinel.ask(['SENTINEL', 'REPLICAS', PRIMARY_NAME], LONGEST_MS)
      if (heardFrom(known) === others) ready.add(id)
    }
    const what = isPrimary ? `a primary with ${replicas} of ${others} replicas` : `a replica (${String(role[3])})`
    const view = `its Sentinel in epoch ${members.get('config-epoch') ?? 'unknown'} knows ${members.get('num-other-sentinels') ?? 0} other Sentinels`
    return `${isPrimary && isTaken ? 'leads: ' : ''}${what}; ${view}`
  }

  const watch = watchRoles({
    nodes: asked,
    role: { by: 'command', command: 'ROLE', leads: '^leads', term: 'epoch (\\d+)', everyMs: EVERY_MS },
    ask,
  })
  return ledOnce(watch, {
    isReady: () => ready.size === nodes.length,
    close() {
      for (const { redis, sentinel } of asked) {
        redis.close()
        sentinel.close()
      }
    },
  })
}

/** Reports a leader only once the cluster is also ready. */
export const ledOnce = (
  watch: RoleWatch,
  { isReady, close }: { readonly isReady: () => boolean; readonly close: () => void },
): RoleWatch => ({
  ...watch,
  async untilLed(timeoutMs, signal) {
    const deadline = performance.now() + timeoutMs
    if (!(await watch.untilLed(timeoutMs, signal))) return false
    while (!isReady()) {
      if (performance.now() >= deadline || signal?.aborted) return false
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
    }
    return true
  },
  async stop() {
    close()
    await watch.stop()
  },
})

export function openedAt({ id, addresses }: CommandNode<string>, port: string): Asker {
  const address = addresses[port]
  if (address === undefined) throw new Error(`${id} has no port ${port}`)
  return openAsker(address)
}

/** Returns the number of connected replicas whose INFO a Sentinel has. The INFO contains the `runid`. */
function heardFrom(answer: Json | undefined): number {
  const replicas = Array.isArray(answer) ? answer.map(membersOf) : []
  return replicas.filter((replica) => replica.get('flags') === 'slave' && replica.get('runid') !== '').length
}

/** Converts a list of alternating names and values to a map. */
function membersOf(answer: Json | undefined): ReadonlyMap<string, string> {
  const list: readonly Json[] = Array.isArray(answer) ? answer : []
  return new Map(
    list.flatMap((name, index) => (index % 2 === 0 ? [[String(name), String(list[index + 1])] as const] : [])),
  )
}
