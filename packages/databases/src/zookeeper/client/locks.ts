import { isTrouble, type Lock, type NodeAddress, type Token, type Trouble } from '@chaosproxy/targets/database'
import { openLockSession } from './lock-session.ts'
import type { Asking } from './session.ts'
import { childrenOf, create, createSequential, isCode, isThere, NO_NODE, pathOf, remove } from './znodes.ts'

/**
 * The locks of one client, by ZooKeeper's recipe: the lowest child holds the lock. A holder whose session expires loses
 * the lock without notice. https://zookeeper.apache.org/doc/r3.8.0/recipes.html#sc_recipes_Locks
 */
export interface Locks {
  /** Returns the lock of a key. Its token is the zxid of the holder's child. */
  of(asking: Asking, key: string): Lock
  /** Returns the path of the child whose holder has this token. */
  pathOf(token: number): string
  close(): void
}

/** Opens a client's locks. A server that hears nothing for `ttlMs` releases them. */
export function openLocks(address: NodeAddress, ttlMs: number): Locks {
  const session = openLockSession(address, ttlMs)
  const held = new Map<number, string>()

  /** Acquires a lock by waiting in line. */
  async function acquire(asking: Asking, key: string, waits: boolean): Promise<Token | 'held' | Trouble> {
    const parent = pathOf(key)
    const own = session.within(asking)
    // If the client does not wait, it checks whether the lock is held before it creates a child of the lock's node.
    // Even a short-lived child would make other clients believe that the lock is held.
    if (!waits && (await isTaken(own, parent))) return 'held'
    const child = await createdUnder(own, parent)
    if (isTrouble(child)) return child
    do {
      const children = await childrenOf(own, parent)
      if (isTrouble(children)) {
        session.abandon(child.path)
        return children
      }
      if (child.path.endsWith(`/${children.toSorted()[0]}`)) {
        held.set(child.zxid, child.path)
        return { token: child.zxid }
      }
    } while (waits && (await own.pause()))
    session.abandon(child.path)
    return 'held'
  }

  return {
    of: (asking, key) => ({
      acquire: (waits) => acquire(asking, key, waits),
      async release(token) {
        const path = held.get(token)
        if (path === undefined) return false
        held.delete(token)
        // Removes the child in the session of `asking`, which outlives the lock session. A session's requests are
        // carried out in order, so the holder's earlier requests in this session take effect before the lock is
        // released.
        const removed = await remove(asking, path)
        if (isCode(removed, NO_NODE)) return false
        return isTrouble(removed) ? removed : true
      },
    }),

    pathOf(token) {
      const path = held.get(token)
      if (path === undefined) throw new Error(`no lock is held with the token ${token}`)
      return path
    },

    close: () => session.close(),
  }
}

async function isTaken(asking: Asking, parent: string): Promise<boolean> {
  const children = await childrenOf(asking, parent)
  return !isTrouble(children) && children.length > 0
}

/** Creates a child of a node, and the node if needed. */
async function createdUnder(own: Asking, parent: string): ReturnType<typeof createSequential> {
  const path = `${parent}/lock-`
  const child = await createSequential(own, path)
  if (!isCode(child, NO_NODE)) return child
  const made = await create(own, parent, null)
  if (isTrouble(made) && !isThere(made)) return { type: 'fail', error: made.error }
  return createSequential(own, path)
}
