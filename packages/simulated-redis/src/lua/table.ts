/** A Lua 5.1 value: nil is undefined; each character of a string represents one byte. */
export type LuaValue = undefined | boolean | number | string | LuaTable | LuaFunction | JsonNull

/** The null of `cjson`, which equals only itself. */
export class JsonNull {
  readonly isUserdata: true = true
}

export const JSON_NULL: JsonNull = new JsonNull()

/** A Lua function; it returns all of its results as a list. */
export type LuaFunction = (...args: LuaValue[]) => readonly LuaValue[]

type Key = NonNullable<LuaValue>

/** A slot of the hash part. A key with a nil value keeps its slot until another key takes the slot. */
interface Node {
  readonly at: number
  key: Key | undefined
  value: LuaValue
  next: Node | undefined
}

const MOST_BITS = 26

/**
 * A table with the layout of Lua 5.1 (ltable.c): an array part, and a hash part of chained scatter with Brent's
 * variation. The layout determines `#` of a table with holes and the order of `pairs`.
 */
export class LuaTable {
  metatable: LuaTable | undefined
  isReadOnly = false
  #array: LuaValue[]
  #nodes: Node[]
  /** No slot at or above this one is free. */
  #lastFree: number
  /** The slot of each key, for lookups without a walk along chains. */
  readonly #places = new Map<Key, Node>()

  /** `items` and `keys` are the initial capacities of the table's list part and hash part. */
  constructor(items = 0, keys = 0) {
    this.#array = new Array<LuaValue>(items).fill(undefined)
    this.#nodes = nodesFor(keys)
    this.#lastFree = this.#nodes.length
  }

  static of(values: readonly LuaValue[]): LuaTable {
    const table = new LuaTable(values.length)
    values.forEach((value, i) => {
      table.set(i + 1, value)
    })
    return table
  }

  get(key: LuaValue): LuaValue {
    if (typeof key === 'number' && key >= 1 && key <= this.#array.length && Number.isInteger(key))
      return this.#array[key - 1]
    return key === undefined ? undefined : this.#places.get(key)?.value
  }

  set(key: Key, value: LuaValue): void {
    if (typeof key === 'number' && key >= 1 && key <= this.#array.length && Number.isInteger(key)) {
      this.#array[key - 1] = value
      return
    }
    const place = this.#places.get(key) ?? this.#newPlace(key)
    if (place === undefined) this.#array[(key as number) - 1] = value
    else place.value = value
  }

  /** Returns a border: the index of an item whose successor is nil. */
  get length(): number {
    const array = this.#array
    let end = array.length
    if (end > 0 && array[end - 1] === undefined) {
      let start = 0
      while (end - start > 1) {
        const middle = (start + end) >> 1
        if (array[middle - 1] === undefined) end = middle
        else start = middle
      }
      return start
    }
    return this.#nodes.length === 0 ? end : this.#unboundBorder(end)
  }

  #unboundBorder(from: number): number {
    let [start, end] = [from, from + 1]
    while (this.get(end) !== undefined) {
      start = end
      end *= 2
    }
    while (end - start > 1) {
      const middle = Math.floor((start + end) / 2)
      if (this.get(middle) === undefined) end = middle
      else start = middle
    }
    return start
  }

  /** Returns the entry after `key`. @throws RangeError if the table lacks the key. */
  next(key: LuaValue): readonly [key: Key, value: LuaValue] | undefined {
    let at = this.#indexOf(key)
    for (; at < this.#array.length; at++) {
      const value = this.#array[at]
      if (value !== undefined) return [at + 1, value]
    }
    for (let i = at - this.#array.length; i < this.#nodes.length; i++) {
      const { key: found, value } = this.#nodes[i] as Node
      if (found !== undefined && value !== undefined) return [found, value]
    }
    return undefined
  }

  /** Yields the entries in the order of `next`. */
  *entries(): Generator<readonly [key: Key, value: LuaValue], void> {
    for (let at = this.next(undefined); at !== undefined; at = this.next(at[0])) yield at
  }

  #indexOf(key: LuaValue): number {
    if (key === undefined) return 0
    if (typeof key === 'number' && key >= 1 && key <= this.#array.length && Number.isInteger(key)) return key
    const place = this.#places.get(key)
    if (place === undefined) throw new RangeError('the key is not in the table')
    return this.#array.length + place.at + 1
  }

  /** Reserves room for `items` in the array part, as a table constructor does. */
  reserve(items: number): void {
    if (items > this.#array.length) this.#resize(items, this.#nodes.length)
  }

  /** Returns a slot for a new key. Undefined if, after a rehash, the key belongs to the array part. */
  #newPlace(key: Key): Node | undefined {
    let main = this.#mainPlace(key)
    if (main === undefined || main.value !== undefined) {
      const free = this.#freePlace()
      if (free === undefined || main === undefined) {
        this.#rehash(key)
        if (isIndex(key) && key <= this.#array.length) return undefined
        return this.#newPlace(key)
      }
      main = this.#makeRoom(main, free)
    }
    if (main.key !== undefined) this.#places.delete(main.key)
    main.key = key
    this.#places.set(key, main)
    return main
  }

  /**
   * Resolves a collision in the slot `main`, where a new key belongs. If the key in `main` belongs in another slot,
   * moves that key to the slot `free` and returns `main` for the new key. Otherwise returns `free`.
   */
  #makeRoom(main: Node, free: Node): Node {
    const other = this.#mainPlace(main.key as Key) as Node
    if (other === main) {
      free.next = main.next
      main.next = free
      return free
    }
    let before = other
    while (before.next !== main) before = before.next as Node
    before.next = free
    const { key, value, next } = main
    Object.assign(free, { key, value, next })
    this.#places.set(key as Key, free)
    Object.assign(main, { key: undefined, value: undefined, next: undefined })
    return main
  }

  #freePlace(): Node | undefined {
    while (this.#lastFree > 0) {
      this.#lastFree--
      const place = this.#nodes[this.#lastFree]
      if (place?.key === undefined) return place
    }
    return undefined
  }

  #mainPlace(key: Key): Node | undefined {
    const { length } = this.#nodes
    if (length === 0) return undefined
    if (typeof key === 'string') return this.#nodes[hashOf(key) & (length - 1)]
    if (typeof key === 'boolean') return this.#nodes[(key ? 1 : 0) & (length - 1)]
    // All tables and functions have the same slot. Real Lua hashes them by address, which no seed determines.
    return this.#nodes[(typeof key === 'number' ? hashOfNumber(key) : 0) % ((length - 1) | 1)]
  }

  #rehash(extra: Key): void {
    const counts = new Array<number>(MOST_BITS + 1).fill(0)
    const count = (key: Key): number => {
      if (!isIndex(key)) return 0
      const slice = Math.ceil(Math.log2(key))
      counts[slice] = (counts[slice] ?? 0) + 1
      return 1
    }
    let items = 0
    let all = 1
    this.#array.forEach((value, i) => {
      if (value === undefined) return
      all++
      items += count(i + 1)
    })
    for (const { key, value } of this.#nodes)
      if (key !== undefined && value !== undefined) {
        all++
        items += count(key)
      }
    items += count(extra)
    const { size, inArray } = bestArray(counts, items)
    this.#resize(size, all - inArray)
  }

  #resize(items: number, keys: number): void {
    const [array, nodes] = [this.#array, this.#nodes]
    this.#nodes = nodesFor(keys)
    this.#lastFree = this.#nodes.length
    this.#places.clear()
    const cut = array.splice(items)
    while (array.length < items) array.push(undefined)
    cut.forEach((value, i) => {
      if (value !== undefined) this.set(items + i + 1, value)
    })
    for (let i = nodes.length - 1; i >= 0; i--) {
      const { key, value } = nodes[i] as Node
      if (key !== undefined && value !== undefined) this.set(key, value)
    }
  }
}

const isIndex = (key: Key): key is number =>
  typeof key === 'number' && key >= 1 && key <= 2 ** MOST_BITS && Number.isInteger(key)

function nodesFor(keys: number): Node[] {
  if (keys === 0) return []
  const length = 2 ** Math.ceil(Math.log2(keys))
  return Array.from({ length }, (_, at) => ({ at, key: undefined, value: undefined, next: undefined }))
}

/** Returns the largest array size, a power of two, at which the array is more than half full. */
function bestArray(counts: readonly number[], items: number): { readonly size: number; readonly inArray: number } {
  let [size, inArray, smaller] = [0, 0, 0]
  for (let i = 0, power = 1; power / 2 < items; i++, power *= 2) {
    const count = counts[i] ?? 0
    if (count > 0) {
      smaller += count
      if (smaller > power / 2) [size, inArray] = [power, smaller]
    }
    if (smaller === items) break
  }
  return { size, inArray }
}

/** Hashes a string as Lua does: only some bytes of long strings. */
function hashOf(text: string): number {
  let hash = text.length
  const step = (text.length >> 5) + 1
  for (let i = text.length; i >= step; i -= step) hash ^= (hash << 5) + (hash >>> 2) + text.charCodeAt(i - 1)
  return hash >>> 0
}

const bits = new DataView(new ArrayBuffer(8))

function hashOfNumber(value: number): number {
  if (value === 0) return 0
  bits.setFloat64(0, value)
  return (bits.getUint32(0) + bits.getUint32(4)) >>> 0
}
