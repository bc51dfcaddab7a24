import { NOTHING } from '../../encoding/encoded.ts'
import { groupBy } from '../../encoding/lists.ts'
import { depthFirst, NO_MORE } from '../../graph/walks.ts'
import type { Budget } from '../../limits/budget.ts'
import type { Facts } from '../causal/orders/order.ts'
import { type Edge, inOwnOrder, overwrites } from '../sequential/edges.ts'
import { INITIAL, NO_READ } from '../sequential/reads-from.ts'
import { eachBefore } from './each-before.ts'

// The session guarantees of Viotti & Vukolić (2016), for a history in which no read saw a write from its future. All
// clients share one arbitration order of the writes. A read returns the last write in this order that is visible to it.
// Registers show this order only for writes to the same key.

/**
 * Checks monotonic reads: what a client has read stays visible to its later reads. If two reads of a key by one client
 * have different sources, the source of the later read must therefore be later. Returns a cycle of orders that breaks
 * this.
 *
 * @throws OutOfTime
 */
export function readsGoBack(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { writerOf } = facts
  const isRead = (operation: number): boolean => writerOf[operation] !== NO_READ
  return brokenCycle(facts, isRead, budget, (read, earlier) => {
    const source = writerOf[read]
    const before = writerOf[earlier]
    if (source === NO_READ || before === INITIAL || before === source) return undefined
    return overwrites(before, read, source)
  })
}

/**
 * Checks the guarantee "read your writes": a read sees the earlier writes of its client, in the order in which the
 * client made them. The source of a read is therefore the last of these writes, or a write that is ordered after it.
 * Returns, if the guarantee is broken, a cycle of edges. Each edge orders two operations.
 *
 * @throws OutOfTime
 */
export function missesOwnWrites(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { encoded, writerOf } = facts
  const isWrite = (operation: number): boolean => encoded.writes[operation] !== NOTHING
  return brokenCycle(facts, isWrite, budget, (operation, last) => {
    if (isWrite(operation)) return { from: last, to: operation, reason: 'process order' }
    const source = writerOf[operation]
    return source === NO_READ || source === last ? undefined : overwrites(last, operation, source)
  })
}

/**
 * For each operation and an earlier operation of the same client, finds the order that the guarantee requires
 * (`orderOf`). Returns a cycle of these orders, if there is one. If a read of the initial value should have seen a
 * write, the required order is impossible by itself, and is returned alone.
 */
function brokenCycle(
  facts: Facts,
  counts: (operation: number) => boolean,
  budget: Budget,
  orderOf: (operation: number, before: number) => Edge | undefined,
): readonly Edge[] | undefined {
  const edges: Edge[] = []
  const missed = eachBefore(facts, counts, budget, (operation, before) => {
    const edge = orderOf(operation, before)
    if (edge === undefined || edge.reason === 'overwritten after') return edge
    edges.push(edge)
    return undefined
  })
  return missed === undefined ? findCycle(edges, facts.encoded.length, budget) : [missed]
}

/**
 * Returns the last read that saw `write` and that the same client completed before it called `read`. If there is no
 * such read, returns `read`.
 */
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
  return inOwnOrder([...cycle.slice(first), ...cycle.slice(0, first)])
}
