import type { Random } from '@chaosproxy/faults'
import type { Setting } from './setting.ts'

const LETTERS = 'xyzabcdefghijklmnopqrstuvw'

/** Returns `count` names of keys: `x`, `y`, `z`, `a`, …, or `k0`, `k1`, … if `count` exceeds the number of letters. */
export const keyNames = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => (count <= LETTERS.length ? (LETTERS[i] ?? `k${i}`) : `k${i}`))

/** The setting for the number of keys. A search uses few, so that operations overlap on them. */
export const keysSetting = (count: number, summary: string): Setting => ({
  name: 'keys',
  summary,
  default: count,
  min: 1,
  max: 10_000,
  worthTrying: [1, 2, 3],
})

/**
 * The setting for the maximum number of items in an object. A full object is replaced by a new object under another
 * key.
 */
export const sizeSetting = (summary: string): Setting => ({
  name: 'size',
  summary,
  default: 50,
  min: 1,
  max: 10_000,
})

/** The keys in use. A key is replaced when its object is full, or cannot be used any more. */
export interface KeyPool {
  pick(random: Random): string
  /** Counts one more item in the key's object. If the object is then full, replaces the key. */
  filled(key: string): void
  replace(key: string): void
}

/**
 * Creates a pool in which `x` is replaced by `x2`, then by `x3`, and so on. A key is replaced when `replace` is called,
 * or when its object contains `limit` items.
 */
export function createKeyPool(count: number, limit: number = Number.POSITIVE_INFINITY): KeyPool {
  const names = keyNames(count)
  const keys = [...names]
  const places = new Map(keys.map((key, place) => [key, place]))
  const generations = keys.map(() => 1)
  const amounts = keys.map(() => 0)

  function replace(key: string): void {
    const place = places.get(key)
    // Another client has already replaced the key.
    if (place === undefined) return
    places.delete(key)
    const generation = (generations[place] ?? 1) + 1
    const next = `${names[place]}${names[place]?.startsWith('k') ? '-' : ''}${generation}`
    generations[place] = generation
    amounts[place] = 0
    keys[place] = next
    places.set(next, place)
  }

  return {
    pick: (random) => random.pick(keys),
    filled(key) {
      const place = places.get(key)
      if (place === undefined) return
      const amount = (amounts[place] ?? 0) + 1
      amounts[place] = amount
      if (amount >= limit) replace(key)
    },
    replace,
  }
}
