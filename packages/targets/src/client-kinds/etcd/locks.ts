import type { NodeId } from '@chaosproxy/faults'
import { isObject } from '@chaosproxy/history'
import { numberIn } from '../../clients/json-body.ts'
import type { Lock, Token } from '../../clients/lock.ts'
import type { OperationTime } from '../../clients/operation-time.ts'
import type { NodeAddress } from '../../clients/planned-clients.ts'
import { isTrouble, type Trouble } from '../../clients/trouble.ts'
import { encoded, openGateway } from './gateway.ts'
import { type Asking, type Compare, commit, createdAt, deleteStep, putStep } from './store.ts'

/**
 * Locks as etcd's own clients build them: a key with a lease, which the holder keeps alive. A holder that does not
 * renew the lease in time loses the lock without notice.
 */
export interface Locks {
  /** Returns the lock for a key. The lock's token is the create_revision of its etcd key. */
  of(operation: LockUse, key: string): Lock
  /** Returns the conditions that prevent a change by a client that has lost the lock; none without fencing. */
  guard(key: string, token: number): readonly Compare[]
  close(): void
}

interface LockUse extends Asking, OperationTime {
  readonly address: NodeAddress
}

interface LocksOptions {
  readonly ttlSeconds: number
  /** Whether releases check the token, and changes under the lock check it too. */
  readonly fencing: boolean
  /** Which members renew a lock's lease. `granting`: the member that granted it. `following`: only followers. */
  readonly keptAliveBy: 'granting' | 'following'
  readonly members: () => readonly NodeId[]
}

/** The number of keep-alives sent within one time to live. */
const KEEP_ALIVES = 3

export function openLocks({ ttlSeconds, fencing, keptAliveBy, members }: LocksOptions): Locks {
  const keeping = new Map<number, () => void>()

  async function tryToAcquire(use: LockUse, name: string): Promise<Token | 'held' | Trouble> {
    const granted = await use.ask('/v3/lease/grant', { TTL: ttlSeconds })
    // A failed grant has no effect on the lock: a lease without a key locks nothing.
    if (granted.type !== 'ok') return { type: 'fail', error: granted.error }
    const lease = String(granted.body['ID'])
    const taken = await commit(use, [createdAt(name, 0)], [putStep(name, use.address.node, lease)])
    if (isTrouble(taken)) return taken
    if (!taken.succeeded) {
      // The lease of a refused client would otherwise remain until it expires.
      await use.ask('/v3/lease/revoke', { ID: lease })
      return 'held'
    }
    const addresses = keptAliveBy === 'following' ? await followersFor(use, members()) : [use.address]
    const stops = addresses.map((address) => keepAlive(address, lease, (ttlSeconds * 1000) / KEEP_ALIVES))
    keeping.set(taken.revision, () => {
      for (const stop of stops) stop()
    })
    return { token: taken.revision }
  }

  return {
    of: (use, key) => ({
      async acquire(waits) {
        const name = nameOf(key)
        let taken = await tryToAcquire(use, name)
        while (waits && taken === 'held' && (await use.pause())) taken = await tryToAcquire(use, name)
        return taken
      },

      async release(token) {
        const name = nameOf(key)
        const released = fencing
          ? await commit(use, [createdAt(name, token)], [deleteStep(name)])
          : await deleted(use, name)
        keeping.get(token)?.()
        keeping.delete(token)
        return isTrouble(released) ? released : released.succeeded
      },
    }),

    guard: (key, token) => (fencing ? [createdAt(nameOf(key), token)] : []),

    close() {
      for (const stop of keeping.values()) stop()
      keeping.clear()
    },
  }
}

const nameOf = (key: string): string => `lock/${key}`

/** Deletes the lock, even if another client holds it. */
async function deleted(asking: Asking, name: string): Promise<{ readonly succeeded: boolean } | Trouble> {
  const reply = await asking.ask('/v3/kv/deleterange', { key: encoded(name) })
  return reply.type === 'ok' ? { succeeded: numberIn(reply.body, 'deleted') > 0 } : reply
}

/** Returns the given member if it is a follower. If it is the leader, returns all other members. */
async function followersFor({ address, ask }: LockUse, members: readonly NodeId[]): Promise<readonly NodeAddress[]> {
  const reply = await ask('/v3/maintenance/status', {})
  const { header, leader } = reply.type === 'ok' ? reply.body : {}
  const leads = isObject(header) && leader !== undefined && header['member_id'] === leader
  if (!leads) return [address]
  return members.filter((node) => node !== address.node).map((node) => address.other?.(node) ?? address)
}

/** Keeps a lease alive over a separate connection until the returned function is called. Does not wait for answers. */
function keepAlive(address: NodeAddress, lease: string, everyMs: number): () => void {
  const gateway = openGateway(address)
  let stopped = false
  const stop = () => {
    stopped = true
    clearTimeout(timer)
    gateway.close()
  }
  const next = () => {
    timer = setTimeout(async () => {
      const reply = await gateway.ask('/v3/lease/keepalive', { ID: lease }, everyMs)
      const isLost = reply.type === 'fail' || (reply.type === 'ok' && isGone(reply.body['result']))
      if (!stopped && !isLost) next()
    }, everyMs)
  }
  let timer: NodeJS.Timeout | undefined
  next()
  return stop
}

/** The reply for an expired lease omits its time to live. */
const isGone = (result: unknown): boolean => typeof result === 'object' && result !== null && !('TTL' in result)
