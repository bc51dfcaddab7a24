import type { Random } from '@chaos/faults'
import type { StoreCommand } from '@chaos/protocols'

/** What one client does next, and what it learns from the answers. */
export interface OperationSource {
  next(): StoreCommand
  /** Told of every value this client saw or wrote for certain. */
  observed(key: string, value: number | null): void
}

export interface Workload {
  readonly name: string
  readonly keys: readonly string[]
  source(random: Random): OperationSource
}

const READ_SHARE = 0.5
const CAS_SHARE = 0.1

const LETTERS = 'xyzabcdefghijklmnopqrstuvw'

/** `x`, `y`, `z`, `a`, … while letters last. */
export const keyNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => (count <= LETTERS.length ? (LETTERS[i] ?? `k${i}`) : `k${i}`))

/**
 * Reads, writes and compare-and-sets on a few keys. No value is ever written twice, so that every read tells just which
 * write it saw. A cas expects what its client last knew, so that a good part of them succeed.
 */
export function registerWorkload(keyCount: number): Workload {
  const keys = keyNames(keyCount)
  let lastValue = 0
  return {
    name: 'register',
    keys,
    source(random) {
      const known = new Map<string, number | null>()
      return {
        next() {
          const key = random.pick(keys)
          const draw = random.next()
          if (draw < READ_SHARE) return { f: 'read', key }
          lastValue += 1
          if (draw < READ_SHARE + CAS_SHARE) return { f: 'cas', key, old: known.get(key) ?? null, new: lastValue }
          return { f: 'write', key, value: lastValue }
        },
        observed: (key, value) => known.set(key, value),
      }
    },
  }
}
