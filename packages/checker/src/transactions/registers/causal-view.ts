import type { Budget } from '../../limits/budget.ts'
import type { Graph } from '../graph/graph.ts'
import { reversedGraph } from './dynamic-order.ts'
import type { KeyFacts } from './key-facts.ts'
import { INITIAL } from './sources.ts'
import type { Views } from './views.ts'

/**
 * Causal: nothing that a transaction sees is older than what one in its past wrote. So each writer of a
 * key in the past of a reader comes before the source, unless it is in the past of that already. Key by key, sets of writers go
 * through the part of the graph between the first writer and the last reader: linear as long as keys live briefly, and
 * at worst transactions × writes / 32.
 *
 * @param past acyclic: what makes one transaction visible to another
 */
export function addCausalViews(facts: KeyFacts, past: Graph, views: Views, budget: Budget): void {
  const backward = reversedGraph(past)
  const order = nearInvocation(past, backward)
  const position = new Int32Array(past.nodes)
  for (let at = 0; at < order.length; at++) position[order[at]] = at
  for (let k = 0; k < facts.keys; k++) {
    const writers = facts.writer.subarray(facts.writerStarts[k], facts.writerStarts[k + 1])
    let last = -1
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++)
      last = Math.max(last, position[facts.reader[at]])
    if (writers.length === 0 || last < 0) continue
    const first = writers.reduce((least, writer) => Math.min(least, position[writer]), past.nodes)
    if (first >= last) continue
    const { words, sets } = pastWriters(writers, { backward, order, position, first, last })
    budget.look((last - first) * words)
    for (let at = facts.readStarts[k]; at < facts.readStarts[k + 1]; at++) {
      const [reader, source] = [facts.reader[at], facts.source[at]]
      const place = position[reader] - first
      if (place < 0) continue
      const known = source === INITIAL ? -1 : position[source] - first
      for (let word = 0; word < words; word++) {
        let bits = sets[place * words + word]
        if (known >= 0) bits &= ~sets[known * words + word]
        for (; bits !== 0; bits &= bits - 1) {
          const writer = writers[word * 32 + 31 - Math.clz32(bits & -bits)]
          if (writer !== source && writer !== reader) views.sees(reader, writer, source, k)
        }
      }
    }
  }
}

interface Window {
  readonly backward: Graph
  readonly order: Int32Array
  readonly position: Int32Array
  readonly first: number
  readonly last: number
}

/** By place in the window: the writers in the past of the node there, as bits. */
function pastWriters(writers: Int32Array, { backward, order, position, first, last }: Window) {
  const words = (writers.length + 31) >> 5
  const sets = new Int32Array((last - first + 1) * words)
  /** By place: the writer there, from 1. */
  const own = new Int32Array(last - first + 1)
  writers.forEach((writer, i) => {
    if (position[writer] <= last) own[position[writer] - first] = i + 1
  })
  for (let place = 0; place <= last - first; place++) {
    const node = order[first + place]
    for (let e = backward.starts[node]; e < backward.starts[node + 1]; e++) {
      const before = position[backward.to[e]] - first
      if (before < 0) continue
      for (let word = 0; word < words; word++) sets[place * words + word] |= sets[before * words + word]
      const writer = own[before] - 1
      if (writer >= 0) sets[place * words + (writer >> 5)] |= 1 << (writer & 31)
    }
  }
  return { words, sets }
}

/** All nodes, each after those that lead to it, and otherwise by their numbers: those of transactions follow time. */
function nearInvocation({ nodes }: Graph, backward: Graph): Int32Array {
  const order = new Int32Array(nodes)
  const next = backward.starts.slice(0, nodes)
  const isPlaced = new Uint8Array(nodes)
  const way: number[] = []
  let placed = 0
  for (let root = 0; root < nodes; root++) {
    if (isPlaced[root] === 1) continue
    way.push(root)
    for (let node = way.at(-1); node !== undefined; node = way.at(-1)) {
      while (next[node] < backward.starts[node + 1] && isPlaced[backward.to[next[node]]] === 1) next[node]++
      if (next[node] < backward.starts[node + 1]) {
        way.push(backward.to[next[node]])
        continue
      }
      way.pop()
      if (isPlaced[node] === 1) continue
      isPlaced[node] = 1
      order[placed++] = node
    }
  }
  return order
}
