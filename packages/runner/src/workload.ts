import type { Random } from '@chaos/faults'
import type { Input } from '@chaos/history'

/** What one client does next, and what it learns from the answers. */
export interface OperationSource {
  next(): Input
  /** Told of every value this client saw or wrote for certain. */
  observed(key: string, value: number | null): void
}

export interface Workload {
  readonly name: string
  readonly keys: readonly string[]
  /** `rank` counts the clients of one node, from 0. */
  source(random: Random, rank: number): OperationSource
}

/**
 * By rank: at every node one client mostly writes, one does both, one mostly reads, and so on. A node that was cut off
 * stops answering reads before it stops taking writes, and would stop a client that does both.
 */
const READ_SHARES = [0.1, 0.5, 0.9, 0.5]
/** Of what is not a read. */
const CAS_SHARE = 0.2

/** Leaves nothing behind, whether it was carried out or not. */
export const isHarmless = ({ f }: Input): boolean => f === 'read'

const LETTERS = 'xyzabcdefghijklmnopqrstuvw'

/** `x`, `y`, `z`, `a`, … while letters last. */
export const keyNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => (count <= LETTERS.length ? (LETTERS[i] ?? `k${i}`) : `k${i}`))

export interface RegisterWorkload {
  readonly keys: number
  /**
   * Whether to compare and set. Below sequential consistency levels are defined for reads and writes only, so what
   * promises less is judged more finely without.
   */
  readonly cas: boolean
}

/**
 * Reads, writes and compare-and-sets on a few keys. No value is ever written twice, so that every read tells just which
 * write it saw. A cas expects what its client last knew, so that a good part of them succeed.
 */
export function registerWorkload({ keys: keyCount, cas }: RegisterWorkload): Workload {
  const keys = keyNames(keyCount)
  let lastValue = 0
  return {
    name: 'register',
    keys,
    source(random, rank) {
      const readShare = READ_SHARES[rank % READ_SHARES.length] ?? 0.5
      const known = new Map<string, number | null>()
      return {
        next() {
          const key = random.pick(keys)
          if (random.chance(readShare)) return { f: 'read', key, value: null }
          lastValue += 1
          if (random.chance(CAS_SHARE) && cas) return { f: 'cas', key, value: [known.get(key) ?? null, lastValue] }
          return { f: 'write', key, value: lastValue }
        },
        observed: (key, value) => known.set(key, value),
      }
    },
  }
}
