import { NOTHING } from '../../encoding/encoded.ts'
import { groupBy } from '../../encoding/lists.ts'
import { depthFirst, NO_MORE } from '../../graph/walks.ts'
import type { Budget } from '../../limits/budget.ts'
import type { Facts } from '../causal/orders/order.ts'
import { type Edge, inOwnOrder } from '../sequential/edges.ts'
import { INITIAL, NO_READ } from '../sequential/reads-from.ts'
import { eachBefore } from './each-before.ts'

// The session guarantees of Viotti & Vukolić (2016), for a history in which no read saw a write from its future. A read
// returns the last write visible to it, in one arbitration order shared by all clients. Registers show only the order
// of writes to the same key.

/**
 * Checks monotonic reads: what a client has read stays visible to its later reads. A new source of its reads of a key
 * must therefore be later than the previous ones. Returns a cycle of orders that breaks this.
 *
 * @throws OutOfTime
 */
export function readsGoBack(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { encoded, writerOf } = facts
  const edges: Edge[] = []
  const isRead = (operation: number): boolean => writerOf[operation] !== NO_READ
  const missed = eachBefore(facts, isRead, budget, (read, earlier) => {
    const source = writerOf[read]
    const before = writerOf[earlier]
    if (source === NO_READ || before === INITIAL || before === source) return undefined
    const edge = overwrites(before, read, source)
    if (source === INITIAL) return edge
    edges.push(edge)
    return undefined
  })
  return missed === undefined ? findCycle(edges, encoded.length, budget) : [missed]
}

/**
 * Checks read your writes: a client's earlier writes are visible to its reads, in the client's order. The source of a
 * read is therefore the last of these writes, or a later write. Returns a cycle of orders that breaks this.
 *
 * @throws OutOfTime
 */
export function missesOwnWrites(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { encoded, writerOf } = facts
  const edges: Edge[] = []
  const isWrite = (operation: number): boolean => encoded.writes[operation] !== NOTHING
  const missed = eachBefore(facts, isWrite, budget, (operation, last) => {
    if (isWrite(operation)) {
      edges.push({ from: last, to: operation, reason: 'process order' })
      return undefined
    }
    const source = writerOf[operation]
    if (source === NO_READ || source === last) return undefined
    const edge = overwrites(last, operation, source)
    if (source === INITIAL) return edge
    edges.push(edge)
    return undefined
  })
  return missed === undefined ? findCycle(edges, encoded.length, budget) : [missed]
}

/** Returns the order that follows if a client knew of `write` when it read from `source`. */
function overwrites(write: number, read: number, source: number): Edge {
  const premise = [write, read] as const
  return source === INITIAL
    ? { from: read, to: write, reason: 'overwritten after', premise, reader: read }
    : { from: write, to: source, reason: 'overwritten before', premise, reader: read }
}

/** Returns the client's last read before `read` that saw the write, or else `read`. */
export function earlierReadOf({ encoded, writerOf }: Facts, write: number, read: number): number {
  const { calls, returns } = encoded
  const clients = encoded.clients()
  for (let at = read - 1; at >= 0; at--) {
    if (writerOf[at] === write && clients[at] === clients[read] && returns[at] < calls[read]) return at
  }
  return read
}

/**
 * Returns a short cycle of edges between the nodes 0 … nodes - 1.
 *
 * @throws OutOfTime
 */
function findCycle(edges: readonly Edge[], nodes: number, budget: Budget): readonly Edge[] | undefined {
  const from = edges.map((edge) => edge.from)
  const { start, items } = groupBy(from, nodes, budget)
  const leading = (node: number) => items.subarray(start[node], start[node + 1])
  const ordered = depthFirst(
    nodes,
    (node, place) => (start[node] + place < start[node + 1] ? edges[items[start[node] + place]].to : NO_MORE),
    { tick: () => budget.tick() },
  )
  if ('order' in ordered) return undefined
  const { cycle } = ordered
  const steps = cycle.flatMap((node, at) => {
    const to = cycle[(at + 1) % cycle.length]
    const edge = leading(node).find((e) => edges[e].to === to)
    return edge === undefined ? [] : [edges[edge]]
  })
  return inFewSteps(steps)
}

/** Merges consecutive steps of a cycle within one client's order, because the operations in between do not matter. */
function inFewSteps(cycle: readonly Edge[]): readonly Edge[] {
  const first = Math.max(
    0,
    cycle.findIndex(({ reason }) => reason !== 'process order'),
  )
  const steps = inOwnOrder([...cycle.slice(first), ...cycle.slice(0, first)])
  return steps
}
