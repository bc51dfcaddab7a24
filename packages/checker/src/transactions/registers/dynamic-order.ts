import { type Graph, reversed } from '../graph/graph.ts'

/** The decisions of the search on which an order depends, as ascending indices. */
export type Grounds = readonly number[]

/** An order that holds as long as the decisions in `grounds` do. */
interface Soft {
  readonly from: number
  readonly to: number
  readonly grounds: Grounds
  /** The nodes of the graph that prove that `from` precedes `to`. */
  readonly evidence: readonly number[]
}

/** By node. */
type Edges = (Soft[] | undefined)[]

function pushTo(edges: Edges, node: number, edge: Soft): void {
  const others = edges[node]
  if (others === undefined) edges[node] = [edge]
  else others.push(edge)
}

/** The reason why one node precedes another. */
export interface Path {
  readonly grounds: Grounds
  readonly evidence: readonly number[]
}

/**
 * A total order of the nodes of an acyclic graph, maintained while edges are added and removed, by the algorithm of
 * Pearce and Kelly (2006). An added edge moves only nodes between the positions of its two ends.
 */
export class DynamicOrder {
  readonly position: Int32Array
  readonly #at: Int32Array
  readonly #forward: Graph
  readonly #backward: Graph
  readonly #out: Edges = []
  readonly #in: Edges = []
  readonly #trail: Soft[] = []
  readonly #mark: Int32Array
  readonly #cameFrom: Int32Array
  readonly #cameBy: (Soft | undefined)[] = []
  #visit = 0
  readonly #tick: () => void

  /** @param order all nodes, in an order that agrees with the graph */
  constructor(graph: Graph, order: Int32Array, tick: () => void) {
    this.#forward = graph
    this.#backward = reversed(graph)
    this.#at = order
    this.position = new Int32Array(graph.nodes)
    for (let at = 0; at < order.length; at++) this.position[order[at]] = at
    this.#mark = new Int32Array(graph.nodes)
    this.#cameFrom = new Int32Array(graph.nodes)
    this.#tick = tick
  }

  get added(): number {
    return this.#trail.length
  }

  isBefore(a: number, b: number): boolean {
    return this.position[a] < this.position[b]
  }

  /** Returns the reason why `from` must precede `to`; undefined if it need not. */
  path(from: number, to: number): Path | undefined {
    if (this.position[from] > this.position[to]) return undefined
    return this.#reach(from, this.position[to], to) === undefined ? this.#pathTo(from, to) : undefined
  }

  /** Adds an edge and returns the moved nodes. No path may lead from `to` to `from`. */
  add(from: number, to: number, grounds: Grounds, evidence: readonly number[]): readonly number[] {
    const moved = this.position[from] < this.position[to] ? [] : this.#move(from, to)
    const edge: Soft = { from, to, grounds, evidence }
    pushTo(this.#out, from, edge)
    pushTo(this.#in, to, edge)
    this.#trail.push(edge)
    return moved
  }

  /** Removes the newest edges until `left` edges remain. */
  undo(left: number): void {
    while (this.#trail.length > left) {
      const edge = this.#trail.pop()
      if (edge === undefined) return
      this.#out[edge.from]?.pop()
      this.#in[edge.to]?.pop()
    }
  }

  /** Returns `from` and all nodes that follow it up to position `last`. Undefined if `target` is one of them. */
  #reach(from: number, last: number, target: number): number[] | undefined {
    const visit = ++this.#visit
    const { starts, to } = this.#forward
    const reached = [from]
    this.#mark[from] = visit
    const see = (node: number, other: number, by: Soft | undefined): boolean => {
      if (this.#mark[other] === visit || this.position[other] > last) return false
      this.#mark[other] = visit
      this.#cameFrom[other] = node
      this.#cameBy[other] = by
      reached.push(other)
      return other === target
    }
    for (let at = 0; at < reached.length; at++) {
      const node = reached[at] as number
      this.#tick()
      for (let e = starts[node]; e < starts[node + 1]; e++) if (see(node, to[e], undefined)) return undefined
      for (const edge of this.#out[node] ?? NONE) if (see(node, edge.to, edge)) return undefined
    }
    return reached
  }

  #pathTo(from: number, to: number): Path {
    const evidence = [to]
    let grounds: Grounds = NONE_NUMBERS
    for (let node = to; node !== from; ) {
      const by = this.#cameBy[node]
      if (by !== undefined) {
        grounds = union(grounds, by.grounds)
        for (const each of by.evidence) evidence.push(each)
      }
      node = this.#cameFrom[node]
      evidence.push(node)
    }
    return { grounds, evidence: evidence.length > MOST_SHOWN ? [...new Set(evidence)] : evidence }
  }

  /** Moves `to` and its successors behind `from` and its predecessors. */
  #move(from: number, to: number): readonly number[] {
    const first = this.position[to]
    const after = this.#reach(to, this.position[from], -1) ?? []
    const before = this.#reachBack(from, first)
    const byPlace = (a: number, b: number): number => this.position[a] - this.position[b]
    const nodes = before.sort(byPlace).concat(after.sort(byPlace))
    const places = Int32Array.from(nodes, (node) => this.position[node]).sort()
    nodes.forEach((node, i) => {
      this.position[node] = places[i]
      this.#at[places[i]] = node
    })
    return nodes
  }

  #reachBack(from: number, first: number): number[] {
    const visit = ++this.#visit
    const { starts, to } = this.#backward
    const reached = [from]
    this.#mark[from] = visit
    const see = (other: number): void => {
      if (this.#mark[other] === visit || this.position[other] < first) return
      this.#mark[other] = visit
      reached.push(other)
    }
    for (let at = 0; at < reached.length; at++) {
      const node = reached[at] as number
      this.#tick()
      for (let e = starts[node]; e < starts[node + 1]; e++) see(to[e])
      for (const edge of this.#in[node] ?? NONE) see(edge.from)
    }
    return reached
  }
}

const NONE: readonly Soft[] = []
const NONE_NUMBERS: Grounds = []
const MOST_SHOWN = 64

export function union(a: Grounds, b: Grounds): Grounds {
  if (a.length === 0 || a === b) return b
  if (b.length === 0) return a
  const all: number[] = []
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    const x = a[i] ?? Number.POSITIVE_INFINITY
    const y = b[j] ?? Number.POSITIVE_INFINITY
    all.push(Math.min(x, y))
    if (x <= y) i++
    if (y <= x) j++
  }
  return all
}
