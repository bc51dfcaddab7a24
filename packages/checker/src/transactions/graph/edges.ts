/**
 * The reasons why a transaction precedes another. ww: it wrote the version before the other's version. wr: it wrote a
 * version that the other read. rw: it read a version that the other replaced. so: it preceded the other in its session.
 * rt: it preceded the other in real time.
 */
export const WW = 0
export const WR = 1
export const RW = 2
export const SO = 3
export const RT = 4
/** An edge from a node that stands for a group of writers. It continues the rw edge that led to this node. */
export const LINK = 5

export type EdgeKind = typeof WW | typeof WR | typeof RW | typeof SO | typeof RT | typeof LINK

export type EdgeMask = number

export const maskOf = (...kinds: readonly EdgeKind[]): EdgeMask =>
  kinds.reduce<EdgeMask>((mask, kind) => mask | (1 << kind), 0)

export const EVERY_KIND: EdgeMask = 0xff

/** The `key` of an edge that concerns no key. */
export const NO_KEY = -1

/** Edges as columns, in no particular order. An edge may occur twice. */
export interface Edges {
  readonly length: number
  readonly from: Int32Array
  readonly to: Int32Array
  readonly kind: Uint8Array
  /** The dense number of the key whose reads and writes prove the edge; NO_KEY for session order and real time. */
  readonly key: Int32Array
}

export class EdgeList implements Edges {
  length = 0
  from: Int32Array
  to: Int32Array
  kind: Uint8Array
  key: Int32Array

  constructor(capacity = 1024) {
    this.from = new Int32Array(capacity)
    this.to = new Int32Array(capacity)
    this.kind = new Uint8Array(capacity)
    this.key = new Int32Array(capacity)
  }

  add(from: number, to: number, kind: EdgeKind, key: number): void {
    if (from === to) return
    const at = this.length
    if (at === this.from.length) this.#grow()
    this.from[at] = from
    this.to[at] = to
    this.kind[at] = kind
    this.key[at] = key
    this.length = at + 1
  }

  #grow(): void {
    const size = 2 * this.from.length + 16
    this.from = copied(this.from, new Int32Array(size))
    this.to = copied(this.to, new Int32Array(size))
    this.kind = copied(this.kind, new Uint8Array(size))
    this.key = copied(this.key, new Int32Array(size))
  }
}

function copied<Column extends Int32Array | Uint8Array>(from: Column, to: Column): Column {
  to.set(from)
  return to
}
