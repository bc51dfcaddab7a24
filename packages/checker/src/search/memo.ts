import type { Budget } from '../limits/budget.ts'

/** A set of fixed-width integer keys, compared word by word: a search that compares only hashes could be wrong. */
export interface Memo {
  /**
   * Adds the key. Returns false if the key was present, and undefined if the memory limit was reached.
   *
   * @throws OutOfTime if it takes too long to grow the memo; the memo can then only be released.
   */
  readonly add: (key: Int32Array) => boolean | undefined
  readonly has: (key: Int32Array) => boolean
  readonly release: () => void
}

const START = 256

/**
 * Creates a memo with open addressing, at most 5/8 full. The first word of a key must not be 0, which marks a free
 * place.
 */
export function createMemo(width: number, budget: Budget): Memo {
  let capacity = 0
  let table = new Int32Array(0)
  let size = 0

  const grow = (): boolean => {
    const larger = capacity === 0 ? START : capacity * 2
    if (!budget.take(larger * width * 4)) return false
    const old = table
    const oldCapacity = capacity
    table = new Int32Array(larger * width)
    capacity = larger
    try {
      for (let from = 0; from < oldCapacity * width; from += width) {
        budget.tick()
        if (old[from] !== 0) put(old, from)
      }
    } finally {
      budget.giveBack(oldCapacity * width * 4)
    }
    return true
  }
  const put = (old: Int32Array, from: number): void => {
    let place = hash(old, from, width) & (capacity - 1)
    while (table[place * width] !== 0) place = (place + 1) & (capacity - 1)
    for (let word = 0; word < width; word++) table[place * width + word] = old[from + word]
  }

  return {
    add: (key) => {
      if (size * 8 >= capacity * 5 && !grow()) return undefined
      let place = hash(key, 0, width) & (capacity - 1)
      for (;;) {
        const at = place * width
        if (table[at] === 0) {
          for (let word = 0; word < width; word++) table[at + word] = key[word]
          size++
          return true
        }
        let word = 0
        while (word < width && table[at + word] === key[word]) word++
        if (word === width) return false
        place = (place + 1) & (capacity - 1)
      }
    },
    has: (key) => {
      if (size === 0) return false
      for (let place = hash(key, 0, width) & (capacity - 1); ; place = (place + 1) & (capacity - 1)) {
        const at = place * width
        if (table[at] === 0) return false
        let word = 0
        while (word < width && table[at + word] === key[word]) word++
        if (word === width) return true
      }
    },
    release: () => {
      budget.giveBack(capacity * width * 4)
      table = new Int32Array(0)
      capacity = 0
      size = 0
    },
  }
}

/** The hash function of MurmurHash3, over 32-bit words. */
function hash(words: Int32Array, from: number, width: number): number {
  let h = width
  for (let i = from; i < from + width; i++) {
    let k = Math.imul(words[i], 0xcc9e2d51)
    k = Math.imul((k << 15) | (k >>> 17), 0x1b873593)
    h ^= k
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
