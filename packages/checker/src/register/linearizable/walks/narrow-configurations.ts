import type { Allowance } from './allowance.ts'

// A configuration consists of five words. STATE: the state. DONE: the open operations that took effect, as bits.
// HIDEABLE: the hideable writes (see `createFrontier`), as bits. USED: the number in `Usage` of the operations of
// unknown outcome that took effect. NODE: the number in `Firings` of the operation that took effect last.
export const STATE = 0
export const DONE = 1
export const HIDEABLE = 2
export const USED = 3
export const NODE = 4
export const WORDS = 5

/** A list of configurations, stored in the first `count * WORDS` words. */
export interface Configurations {
  words: Int32Array<ArrayBuffer>
  count: number
}

const START = 64

export const createConfigurations = (): Configurations => ({ words: new Int32Array(START * WORDS), count: 0 })

/** A set of distinct configurations, in the order in which they were added. */
export interface ConfigurationSet {
  readonly list: Configurations
  /**
   * Returns whether the list contains no configuration with these four words, regardless of the fifth (`NODE`). If so,
   * reserves an entry of the hash table; the caller must then append the configuration to the list.
   */
  readonly isNew: (state: number, done: number, hideable: number, used: number) => boolean
  readonly clear: () => void
}

const LAST_STAMP = 0x40000000

export function createConfigurationSet(): ConfigurationSet {
  const list = createConfigurations()
  // A hash table. An entry is `stamp` plus an index in `list`. Entries less than `stamp` are empty.
  let table = new Int32Array(4 * START)
  let stamp = 1

  const placeOf = (state: number, done: number, hideable: number, used: number): number => {
    const h = Math.imul(
      Math.imul(Math.imul(state, 0x9e3779b1) ^ Math.imul(done, 0x85ebca6b) ^ hideable, 0xc2b2ae35) ^ used,
      0x27d4eb2f,
    )
    return (h ^ (h >>> 16)) & (table.length - 1)
  }
  const rehash = (): void => {
    const { words, count } = list
    table = new Int32Array(table.length * 2)
    stamp = 1
    for (let index = 0; index < count; index++) {
      const base = index * WORDS
      let place = placeOf(words[base], words[base + DONE], words[base + HIDEABLE], words[base + USED])
      while (table[place] !== 0) place = (place + 1) & (table.length - 1)
      table[place] = stamp + index
    }
  }
  return {
    list,
    isNew: (state, done, hideable, used) => {
      if (4 * list.count > table.length) rehash()
      const { words } = list
      let place = placeOf(state, done, hideable, used)
      for (; table[place] >= stamp; place = (place + 1) & (table.length - 1)) {
        const base = (table[place] - stamp) * WORDS
        if (words[base] !== state || words[base + DONE] !== done) continue
        if (words[base + HIDEABLE] === hideable && words[base + USED] === used) return false
      }
      table[place] = stamp + list.count
      return true
    },
    clear: () => {
      stamp += list.count
      list.count = 0
      if (stamp < LAST_STAMP) return
      stamp = 1
      table.fill(0)
    },
  }
}

export function push(
  list: Configurations,
  allowance: Allowance,
  state: number,
  done: number,
  hideable: number,
  used: number,
  node: number,
): void {
  const base = list.count++ * WORDS
  if (base + WORDS > list.words.length) list.words = allowance.doubled(list.words)
  const { words } = list
  words[base] = state
  words[base + DONE] = done
  words[base + HIDEABLE] = hideable
  words[base + USED] = used
  words[base + NODE] = node
}
