/** A stream of seeded random numbers. Forks are independent: drawing from one stream never changes another. */
export interface Random {
  /** Draws a number uniformly from [0, 1). */
  next(): number
  /** Draws an integer uniformly from [0, bound). */
  integer(bound: number): number
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** Returns a new array with the items in random order. */
  shuffle<T>(items: readonly T[]): T[]
  /** Returns an independent stream, which depends only on the seed and the label, not on earlier draws. */
  fork(label: string): Random
}

/** Creates the stream of a seed. The seeds 1 and '1' are equivalent. */
export function createRandom(seed: number | string): Random {
  const name = String(seed)
  return new Sfc32(fnv1aAfter(0x9e3779b9, name), fnv1aAfter(0x243f6a88, name), fnv1aAfter(0xb7e15162, name))
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes its author's test battery. */
class Sfc32 implements Random {
  /**
   * The state of the generator sfc32: the words a, b, c and the counter, followed by three hashes of the stream's name.
   * An integer array is used, because V8 would allocate an object for each 32-bit number in an object's field.
   */
  readonly #state: Int32Array = new Int32Array(7)

  /** The arguments are three hashes of the stream's name, each from a different starting value. */
  constructor(one: number, two: number, three: number) {
    const state = this.#state
    state[0] = mixed(one)
    state[1] = mixed(two)
    state[2] = mixed(three)
    state[3] = 1
    state[4] = one
    state[5] = two
    state[6] = three
    for (let round = 0; round < 12; round++) this.next()
  }

  next(): number {
    const state = this.#state
    const a = state[0] as number
    const b = state[1] as number
    const c = state[2] as number
    const counter = state[3] as number
    const sum = (a + b + counter) | 0
    state[0] = b ^ (b >>> 9)
    state[1] = (c + (c << 3)) | 0
    state[2] = ((c << 21) | (c >>> 11)) + sum
    state[3] = counter + 1
    return (sum >>> 0) / 4294967296
  }

  integer(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.integer(items.length)]
    if (item === undefined) throw new RangeError('cannot pick from nothing')
    return item
  }

  shuffle<T>(items: readonly T[]): T[] {
    const shuffled = [...items]
    for (let last = shuffled.length - 1; last > 0; last--) {
      const other = this.integer(last + 1)
      const kept = shuffled[last] as T
      shuffled[last] = shuffled[other] as T
      shuffled[other] = kept
    }
    return shuffled
  }

  fork(label: string): Random {
    const state = this.#state
    const [one, two, three] = [on(state[4] as number), on(state[5] as number), on(state[6] as number)]
    return new Sfc32(fnv1aAfter(one, label), fnv1aAfter(two, label), fnv1aAfter(three, label))
  }
}

/** Continues the hash of a name with the slash that precedes a label. */
const on = (before: number): number => fnv1aAfter(before, '/')

/** The finishing mix of MurmurHash3. */
function mixed(value: number): number {
  let h = value
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const OFFSET_BASIS = 0x811c9dc5
const PRIME = 0x01000193

/** FNV-1a over the UTF-16 units of a text: 32 bits, signed. A fast, portable hash; not cryptographic. */
export const fnv1a = (text: string): number => fnv1aAfter(OFFSET_BASIS, text)

/** Returns the FNV-1a hash of a text, continuing an earlier hash. */
function fnv1aAfter(before: number, text: string): number {
  let hash = before | 0
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), PRIME)
  return hash
}
