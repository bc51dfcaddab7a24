/** A stream of seeded randomness. Forks are independent: drawing from one never shifts another. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, bound). */
  integer(bound: number): number
  /** True with the given probability. */
  chance(probability: number): boolean
  pick<T>(items: readonly T[]): T
  /** A new array, in random order. */
  shuffle<T>(items: readonly T[]): T[]
  /** A stream of its own, a function of this stream's seed and the label alone (not of what was drawn so far). */
  fork(label: string): Random
}

/** sfc32 (Chris Doty-Humphrey, PractRand): 128 bits of state, passes its author's battery, five operations a draw. */
export function createRandom(seed: number | string): Random {
  const name = String(seed)
  let a = hash(name, 0x9e3779b9)
  let b = hash(name, 0x243f6a88)
  let c = hash(name, 0xb7e15162)
  let counter = 1

  function draw(): number {
    const sum = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = ((c << 21) | (c >>> 11)) + sum
    c |= 0
    return sum >>> 0
  }
  for (let round = 0; round < 12; round++) draw()

  const random: Random = {
    next: () => draw() / 4294967296,
    integer: (bound) => Math.floor((draw() / 4294967296) * bound),
    chance: (probability) => draw() / 4294967296 < probability,
    pick(items) {
      const item = items[random.integer(items.length)]
      if (item === undefined) throw new RangeError('cannot pick from nothing')
      return item
    },
    shuffle(items) {
      const shuffled = [...items]
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = random.integer(last + 1)
        const kept = shuffled[last] as (typeof shuffled)[number]
        shuffled[last] = shuffled[other] as (typeof shuffled)[number]
        shuffled[other] = kept
      }
      return shuffled
    },
    fork: (label) => createRandom(`${name}/${label}`),
  }
  return random
}

/** FNV-1a with a finishing mix (MurmurHash3's), 32 bits. */
function hash(text: string, basis: number): number {
  let h = basis | 0
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}
