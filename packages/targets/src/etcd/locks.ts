import type { NodeAddress } from '../clients/planned-clients.ts'
import { encoded, numberIn, openGateway } from './gateway.ts'
import { type Asking, type Compare, commit, createdAt, deleteStep, isTrouble, putStep, type Trouble } from './store.ts'

/**
 * Locks as etcd's own clients build them: a key with a lease that its holder keeps alive. Whoever cannot do so for longer
 * than the time to live has lost the lock, and is not told.
 */
export interface Locks {
  /** `held`: somebody else has it. */
  acquire(asking: Asking, address: NodeAddress, key: string): Promise<Token | 'held' | Trouble>
  /** Resolves with whether it was still there to be released. */
  release(asking: Asking, key: string, token: number): Promise<boolean | Trouble>
  /** What a change must compare so that a holder whose lock is lost cannot make it; nothing without fencing. */
  guard(key: string, token: number): readonly Compare[]
  close(): void
}

/** The lock's create_revision, which grows from holder to holder. */
export type Token = { readonly token: number }

export interface LocksOptions {
  readonly ttlSeconds: number
  /** Whether a release, and a change under the lock, compares the token. */
  readonly fencing: boolean
}

/** How often in its time to live a lease is kept alive. */
const KEEP_ALIVES = 3

export function openLocks({ ttlSeconds, fencing }: LocksOptions): Locks {
  /** By token: ends the keeping alive. */
  const keeping = new Map<number, () => void>()

  return {
    async acquire(asking, address, key) {
      const granted = await asking.ask('/v3/lease/grant', { TTL: ttlSeconds })
      // A lease without a key is of no effect.
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

/** Whoever's it is. */
async function deleted(asking: Asking, name: string): Promise<{ readonly succeeded: boolean } | Trouble> {
  const reply = await asking.ask('/v3/kv/deleterange', { key: encoded(name) })
  return reply.type === 'ok' ? { succeeded: numberIn(reply.body, 'deleted') > 0 } : reply
}

/** Over a line of its own, until the returned function is called. A keep-alive without an answer is followed by the next. */
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

/** A lease that has expired is answered with no time to live. */
const isGone = (result: unknown): boolean => typeof result === 'object' && result !== null && !('TTL' in result)
