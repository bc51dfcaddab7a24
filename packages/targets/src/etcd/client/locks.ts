import type { NodeAddress } from '../../clients/planned-clients.ts'
import { encoded, numberIn, openGateway } from './gateway.ts'
import { type Asking, type Compare, commit, createdAt, deleteStep, isTrouble, putStep, type Trouble } from './store.ts'

/**
 * Locks as etcd's own clients build them: a key with a lease that its holder keeps alive. A holder that fails to do so
 * within the time to live loses the lock without notice.
 */
export interface Locks {
  /** `held`: another client has it. */
  acquire(asking: Asking, address: NodeAddress, key: string): Promise<Token | 'held' | Trouble>
  /** Resolves with whether the lock still existed when it was released. */
  release(asking: Asking, key: string, token: number): Promise<boolean | Trouble>
  /** Conditions that keep a client whose lock is lost from making a change; none without fencing. */
  guard(key: string, token: number): readonly Compare[]
  close(): void
}

/** The lock's create_revision, which increases with every holder. */
export type Token = { readonly token: number }

export interface LocksOptions {
  readonly ttlSeconds: number
  /** Whether releases and changes under the lock compare the token. */
  readonly fencing: boolean
}

/** The number of keep-alives sent within one time to live. */
const KEEP_ALIVES = 3

export function openLocks({ ttlSeconds, fencing }: LocksOptions): Locks {
  /** Stops the keep-alives, by token. */
  const keeping = new Map<number, () => void>()

  return {
    async acquire(asking, address, key) {
      const granted = await asking.ask('/v3/lease/grant', { TTL: ttlSeconds })
      // A failed grant has no effect on the lock: a lease without a key locks nothing.
      if (granted.type !== 'ok') return { type: 'fail', error: granted.error }
      const lease = String(granted.body['ID'])
      const name = nameOf(key)
      const taken = await commit(asking, [createdAt(name, 0)], [putStep(name, address.node, lease)])
      if (isTrouble(taken)) return taken
      if (!taken.succeeded) return 'held'
      keeping.set(taken.revision, keepAlive(address, lease, (ttlSeconds * 1000) / KEEP_ALIVES))
      return { token: taken.revision }
    },

    async release(asking, key, token) {
      const name = nameOf(key)
      const released = fencing
        ? await commit(asking, [createdAt(name, token)], [deleteStep(name)])
        : await deleted(asking, name)
      keeping.get(token)?.()
      keeping.delete(token)
      return isTrouble(released) ? released : released.succeeded
    },

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

/**
 * Keeps a lease alive over its own connection until the returned function is called. An unanswered keep-alive is
 * followed by the next.
 */
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
