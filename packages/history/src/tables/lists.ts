import { inHeap, type Memory } from './memory.ts'

/**
 * Lists that micro-operations read, as one trie for each key. A list's parent is the list without its last element, so
 * equal lists are one node and no list is stored twice.
 */
export interface Lists {
  readonly length: number
  /** For each list: the number of the list without its last element. -1 for an empty list. */
  readonly parent: Int32Array
  /** By list: the id of its last element; for an empty list, the id of its key. */
  readonly last: Int32Array
  /** Number of elements. */
  readonly depth: Int32Array
}

/** A list table as plain data. In shared memory, threads receive it without a copy. */
export interface ListsData extends Lists {
  readonly child: Int32Array
  readonly others: number
  readonly slots: Int32Array
}

const NO_NODE = -1

export class ListTable {
  readonly #memory: Memory
  #length: number
  #parent: Int32Array
  #last: Int32Array
  #depth: Int32Array
  /** The first child of each node; 0 for none, since node 0 is an empty list. Most nodes have at most one child. */
  #child: Int32Array
  /**
   * A hash table with open addressing. It contains the empty lists, and all children of each node except its first
   * child. An entry is the number of a node plus 1, or 0.
   */
  #slots: Int32Array
  #others: number
  /** Whether another table may use these arrays. If so, they are copied before a node is added. */
  #isLent: boolean

  constructor(memory: Memory = inHeap, data?: ListsData) {
    this.#memory = memory
    this.#length = data?.length ?? 0
    this.#parent = data?.parent ?? memory.int32Array(64)
    this.#last = data?.last ?? memory.int32Array(64)
    this.#depth = data?.depth ?? memory.int32Array(64)
    this.#child = data?.child ?? memory.int32Array(64)
    this.#slots = data?.slots ?? memory.int32Array(64)
    this.#others = data?.others ?? 0
    this.#isLent = data !== undefined
  }

  get sizeBytes(): number {
    return 2 * (4 * this.#parent.byteLength + this.#slots.byteLength)
  }

  data(): ListsData {
    this.#isLent = true
    return {
      length: this.#length,
      parent: this.#parent,
      last: this.#last,
      depth: this.#depth,
      child: this.#child,
      others: this.#others,
      slots: this.#slots,
    }
  }

  /** All present nodes. */
  columns(): Lists {
    const length = this.#length
    return {
      length,
      parent: this.#parent.subarray(0, length),
      last: this.#last.subarray(0, length),
      depth: this.#depth.subarray(0, length),
    }
  }

  empty(key: number): number {
    return this.#other(NO_NODE, key)
  }

  /** The list `list` with one more element. */
  longer(list: number, element: number): number {
    const child = this.#child[list] ?? 0
    if (child === 0) {
      const added = this.#add(list, element)
      this.#child[list] = added
      return added
    }
    return this.#last[child] === element ? child : this.#other(list, element)
  }

  /** Ids of a list's elements. */
  elements(list: number): Int32Array {
    const length = this.#depth[list] ?? 0
    const elements = new Int32Array(length)
    for (let at = length - 1, node = list; at >= 0; at -= 1) {
      elements[at] = this.#last[node] ?? 0
      node = this.#parent[node] ?? NO_NODE
    }
    return elements
  }

  #other(parent: number, last: number): number {
    const slots = this.#slots
    const mask = slots.length - 1
    let slot = mixed(parent, last) & mask
    for (;;) {
      const node = (slots[slot] ?? 0) - 1
      if (node < 0) break
      if (this.#parent[node] === parent && this.#last[node] === last) return node
      slot = (slot + 1) & mask
    }
    const added = this.#add(parent, last)
    this.#slots[slot] = added + 1
    this.#others += 1
    if (2 * this.#others > mask) this.#growSlots()
    return added
  }

  #add(parent: number, last: number): number {
    if (this.#isLent) this.#takeBack()
    const node = this.#length
    if (node === this.#parent.length) this.#grow()
    this.#parent[node] = parent
    this.#last[node] = last
    this.#depth[node] = parent === NO_NODE ? 0 : (this.#depth[parent] ?? 0) + 1
    this.#length = node + 1
    return node
  }

  #grow(): void {
    const larger = (column: Int32Array): Int32Array => {
      const into = this.#memory.int32Array(2 * column.length)
      into.set(column)
      return into
    }
    this.#parent = larger(this.#parent)
    this.#last = larger(this.#last)
    this.#depth = larger(this.#depth)
    this.#child = larger(this.#child)
  }

  #growSlots(): void {
    const old = this.#slots
    const slots = this.#memory.int32Array(2 * old.length)
    const mask = slots.length - 1
    for (const entry of old) {
      if (entry === 0) continue
      let slot = mixed(this.#parent[entry - 1] ?? 0, this.#last[entry - 1] ?? 0) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry
    }
    this.#slots = slots
  }

  #takeBack(): void {
    this.#parent = this.#parent.slice()
    this.#last = this.#last.slice()
    this.#depth = this.#depth.slice()
    this.#child = this.#child.slice()
    this.#slots = this.#slots.slice()
    this.#isLent = false
  }
}

function mixed(parent: number, last: number): number {
  const product = Math.imul(Math.imul(parent, 0x9e3779b1) ^ last, 0x85ebca6b)
  return product ^ (product >>> 15)
}
