/**
 * The set of configurations reached while one return event is processed. The set is cleared in constant time.
 * Configurations that differ only in words 1 (NODE) and 2 (COST) count as equal.
 */
export interface Seen {
  /** Adds a copy of a configuration; false if the set contains it already. */
  readonly add: (configuration: Int32Array) => boolean
  readonly clear: () => void
}

const START = 64

/** Creates a set by open addressing, at most half full. Only entries with the current stamp belong to it. */
export function createSeen(stride: number): Seen {
  let capacity = START
  let table = new Int32Array(capacity * stride)
  let stamps = new Int32Array(capacity)
  let stamp = 1
  let size = 0

  const place = (words: Int32Array, from: number): number => {
    let h = Math.imul(words[from], 0x9e3779b1)
    for (let i = 3; i < stride; i++) {
      h = Math.imul(h ^ words[from + i], 0x85ebca6b)
      h ^= h >>> 15
    }
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
    return (h ^ (h >>> 16)) & (capacity - 1)
  }
  const grow = (): void => {
    const old = table
    const oldStamps = stamps
    capacity *= 2
    table = new Int32Array(capacity * stride)
    stamps = new Int32Array(capacity)
    for (let o = 0; o < oldStamps.length; o++) {
      if (oldStamps[o] !== stamp) continue
      let p = place(old, o * stride)
      while (stamps[p] === stamp) p = (p + 1) & (capacity - 1)
      stamps[p] = stamp
      table.set(old.subarray(o * stride, (o + 1) * stride), p * stride)
    }
  }
  return {
    add: (configuration) => {
      if (2 * size >= capacity) grow()
      let p = place(configuration, 0)
      for (; stamps[p] === stamp; p = (p + 1) & (capacity - 1)) {
        const base = p * stride
        if (table[base] !== configuration[0]) continue
        let i = 3
        while (i < stride && table[base + i] === configuration[i]) i++
        if (i === stride) return false
      }
      stamps[p] = stamp
      for (let i = 0, base = p * stride; i < stride; i++) table[base + i] = configuration[i]
      size++
      return true
    },
    clear: () => {
      stamp++
      size = 0
    },
  }
}
