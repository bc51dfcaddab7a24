/** In place of a node: the list cannot be told, or there is none. */
export const NO_LIST = -1

/**
 * The lists that were read, as one trie per key. A node is a list: its parent is the list without its last element, and
 * the root of a key is its empty list. Two reads of a key are equal if their nodes are, and one is a prefix of the
 * other if its node is an ancestor. A parent has a smaller number than its children.
 */
export interface ReadLists {
  readonly length: number
  /** NO_LIST for the root of a key. */
  readonly parent: Int32Array
  /** The last element, as an id in the history's values; of a root it means nothing. */
  readonly last: Int32Array
  /** The number of elements. */
  readonly depth: Int32Array
  /** The dense number of the key. */
  readonly key: Int32Array
}

/** Builds the lists from reads, element by element. */
export class ReadListBuilder {
  #length = 0
  #parent: Int32Array = new Int32Array(1024)
  #last: Int32Array = new Int32Array(1024)
  #depth: Int32Array = new Int32Array(1024)
  #key: Int32Array = new Int32Array(1024)
  /** By node: its first child, which most nodes have alone; 0 for none. */
  #first: Int32Array = new Int32Array(1024)
  /** Further children by (parent, last): open addressing, node + 1. */
  #slots: Int32Array = new Int32Array(1024)
  #others = 0

  /** The empty list of a key. Ask once for each key. */
  root(key: number): number {
    return this.#add(NO_LIST, 0, 0, key)
  }

  /** The list with one more element. */
  child(node: number, element: number): number {
    const first = this.#first[node]
    if (first === 0) {
      const added = this.#add(node, element, this.#depth[node] + 1, this.#key[node])
      this.#first[node] = added
      return added
    }
    if (this.#last[first] === element) return first
    const mask = this.#slots.length - 1
    let slot = hashed(node, element) & mask
    for (;;) {
      const known = this.#slots[slot] - 1
      if (known < 0) break
      if (this.#parent[known] === node && this.#last[known] === element) return known
      slot = (slot + 1) & mask
    }
    const added = this.#add(node, element, this.#depth[node] + 1, this.#key[node])
    this.#slots[slot] = added + 1
    if (2 * ++this.#others > mask) this.#growSlots()
    return added
  }

  lists(): ReadLists {
    const end = this.#length
    return {
      length: end,
      parent: this.#parent.subarray(0, end),
      last: this.#last.subarray(0, end),
      depth: this.#depth.subarray(0, end),
      key: this.#key.subarray(0, end),
    }
  }

  #add(parent: number, last: number, depth: number, key: number): number {
    const node = this.#length++
    if (node === this.#parent.length) this.#grow()
    this.#parent[node] = parent
    this.#last[node] = last
    this.#depth[node] = depth
    this.#key[node] = key
    return node
  }

  #grow(): void {
    this.#parent = longer(this.#parent)
    this.#last = longer(this.#last)
    this.#depth = longer(this.#depth)
    this.#key = longer(this.#key)
    this.#first = longer(this.#first)
  }

  #growSlots(): void {
    const old = this.#slots
    const slots = new Int32Array(2 * old.length)
    const mask = slots.length - 1
    for (const entry of old) {
      if (entry === 0) continue
      let slot = hashed(this.#parent[entry - 1], this.#last[entry - 1]) & mask
      while (slots[slot] !== 0) slot = (slot + 1) & mask
      slots[slot] = entry
    }
    this.#slots = slots
  }
}

const hashed = (node: number, element: number): number => {
  const product = Math.imul(Math.imul(node, 0x9e3779b1) ^ element, 0x85ebca6b)
  return product ^ (product >>> 15)
}

const longer = (column: Int32Array): Int32Array => {
  const copy = new Int32Array(2 * column.length)
  copy.set(column)
  return copy
}
