import type { Json } from '@chaosproxy/history'
import { declined, loadPairs, ok, type ReplicatedObject, UNKEYED, unsupported } from './object.ts'

interface Lock {
  /** The fencing token of the latest holder; 0 before the first holder. */
  readonly token: number
  readonly held: boolean
}

/**
 * Locks by key, each held until it is released. Acquiring answers with a fencing token, and releasing requires this
 * token, so a late release has no effect.
 */
export const lock: ReplicatedObject<Map<string, Lock>> = {
  name: 'lock',
  functions: ['acquire', 'release'],
  reads: [],
  initial: () => new Map(),
  apply(locks, { f, key = UNKEYED, value }) {
    const found = locks.get(key)
    switch (f) {
      case 'acquire': {
        if (found?.held === true) return declined('held')
        const token = (found?.token ?? 0) + 1
        locks.set(key, { token, held: true })
        return ok(token)
      }
      case 'release':
        if (found === undefined || !found.held || value !== found.token) return declined('not held')
        locks.set(key, { token: found.token, held: false })
        return ok(value)
      default:
        return unsupported
    }
  },
  save: (locks) => [...locks].map(([key, { token, held }]) => [key, { token, held }]),
  load: (saved) =>
    loadPairs(saved, (one: Json) => {
      const { token, held } = one as { readonly token: number; readonly held: boolean }
      return { token, held }
    }),
}
