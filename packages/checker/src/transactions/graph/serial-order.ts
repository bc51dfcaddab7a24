import type { Graph } from './graph.ts'

/**
 * Returns an order of the transactions that keeps all edges and real time. Real time needs no edges: a transaction
 * cannot be placed before its invocation, and must have been placed by its completion.
 *
 * @param events see `eventsOf`
 */
export function serialOrder({ nodes, starts, to }: Graph, events: Iterable<number>): Int32Array | undefined {
  const waitsFor = new Int32Array(nodes)
  for (const other of to) waitsFor[other]++
  const ready = new Int32Array(nodes)
  const isOrdered = new Uint8Array(nodes)
  let taken = 0
  let end = 0
  const transactions = new Uint8Array(nodes)
  for (const event of events) if (event >= 0) transactions[event] = 1
  for (let node = 0; node < nodes; node++) {
    // A transaction waits for its invocation, in addition to its edges.
    if (transactions[node] === 1) waitsFor[node]++
    else if (waitsFor[node] === 0) ready[end++] = node
  }
  for (const event of events) {
    if (event >= 0) {
      if (--waitsFor[event] === 0) ready[end++] = event
    } else if (isOrdered[~event] === 0) return undefined
    for (; taken < end; taken++) {
      const node = ready[taken]
      isOrdered[node] = 1
      for (let e = starts[node]; e < starts[node + 1]; e++) if (--waitsFor[to[e]] === 0) ready[end++] = to[e]
    }
  }
  return end === nodes ? ready.filter((node) => transactions[node] === 1) : undefined
}
