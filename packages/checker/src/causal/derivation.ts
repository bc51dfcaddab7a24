import type { Edge } from '../sequential/edges.ts'
import type { Contradiction, WeakLevel } from './judged.ts'
import { type Facts, previousOf } from './order.ts'

/** A cycle of orders, each coming before the next, and every operation its derivation uses. */
export interface Derivation {
  readonly cycle: readonly Edge[]
  readonly involved: ReadonlySet<number>
}

/** Completes a contradiction to a whole cycle, and expands its derived orders into what they were derived from. */
export function derivationOf(facts: Facts, contradiction: Contradiction, level: WeakLevel): Derivation {
  const { derived, thread } = contradiction
  const number = new Map(derived.map((edge, n) => [edge, n]))
  // A session guarantee concerns single clients: only the client's own operations precede a read.
  const local = level === 'monotonic-reads' || level === 'read-your-writes'
  const into = incoming(derived)
  const path = (from: number, to: number, limit: number): readonly Edge[] =>
    from === to ? [] : pathBetween(facts, into, from, to, limit, level === 'pram' ? thread : undefined)
  const [first] = contradiction.cycle
  // Steps of an order taken from elsewhere are paths of client order and reads-from.
  const stepped = (edge: Edge): readonly Edge[] =>
    edge.reason === 'process order' ? path(edge.from, edge.to, 0) : [edge]
  if (contradiction.involved !== undefined) {
    const steps = contradiction.cycle.flatMap(stepped)
    return { cycle: steps, involved: new Set([...contradiction.involved, ...steps.map(({ from }) => from)]) }
  }
  const cycle = contradiction.isWhole
    ? contradiction.cycle
    : local
      ? [...within(facts, first, level), first]
      : [...path(first.to, first.from, derived.length), first]
  const involved = new Set<number>()
  const explained = new Set<Edge>()
  const waiting = [...cycle]
  for (let edge = waiting.pop(); edge !== undefined; edge = waiting.pop()) {
    if (explained.has(edge)) continue
    explained.add(edge)
    involved.add(edge.from).add(edge.to)
    if (edge.reader !== undefined) {
      involved.add(edge.reader)
      if (facts.writerOf[edge.reader] >= 0) involved.add(facts.writerOf[edge.reader])
    }
    if (edge.premise === undefined) continue
    const [premise, reader] = edge.premise
    if (local) {
      if (level === 'monotonic-reads') involved.add(earlierReadOf(facts, premise, reader))
    } else for (const each of path(premise, reader, number.get(edge) ?? derived.length)) waiting.push(each)
  }
  return { cycle, involved }
}

/** From the write that a read of the initial value missed to that read, through the client's own operations. */
function within(facts: Facts, { from: read, to: write }: Edge, level: WeakLevel): readonly Edge[] {
  if (level === 'read-your-writes') {
    return [{ from: write, to: read, reason: 'process order' }]
  }
  const earlier = earlierReadOf(facts, write, read)
  return [
    { from: write, to: earlier, reason: 'reads from' },
    { from: earlier, to: read, reason: 'process order' },
  ]
}

/** The client's last read before `read` that saw the write. */
function earlierReadOf({ encoded, writerOf }: Facts, write: number, read: number): number {
  const { calls, returns } = encoded
  const clients = encoded.clients()
  for (let at = read - 1; at >= 0; at--) {
    if (writerOf[at] === write && clients[at] === clients[read] && returns[at] < calls[read]) return at
  }
  return read
}

interface Numbered {
  readonly edge: Edge
  readonly number: number
}

function incoming(edges: readonly Edge[]): ReadonlyMap<number, readonly Numbered[]> {
  const into = new Map<number, Numbered[]>()
  for (const [number, edge] of edges.entries()) {
    const known = into.get(edge.to)
    if (known === undefined) into.set(edge.to, [{ edge, number }])
    else known.push({ edge, number })
  }
  return into
}

/**
 * A shortest path by program order, reads-from and the first `limit` derived orders; one must exist. With `reader`,
 * only that thread's reads count. Searched backwards, because an operation has few direct predecessors.
 */
function pathBetween(
  facts: Facts,
  into: ReadonlyMap<number, readonly Numbered[]>,
  from: number,
  to: number,
  limit: number,
  reader: number | undefined,
): readonly Edge[] {
  const { threads, writerOf } = facts
  const left = new Map<number, Edge | undefined>([[to, undefined]])
  const queue = [to]
  const visit = (edge: Edge): void => {
    if (left.has(edge.from)) return
    left.set(edge.from, edge)
    queue.push(edge.from)
  }
  for (let head = 0; head < queue.length && !left.has(from); head++) {
    const at = queue[head]
    for (const { edge, number } of into.get(at) ?? []) if (number < limit) visit(edge)
    const source = writerOf[at]
    if (source >= 0 && (reader === undefined || threads.of[at] === reader))
      visit({ from: source, to: at, reason: 'reads from' })
    const previous = previousOf(threads, at)
    if (previous !== -1) visit({ from: previous, to: at, reason: 'process order' })
    const { start, items } = threads.before
    for (let n = start[at]; n < start[at + 1]; n++) visit({ from: items[n], to: at, reason: 'process order' })
  }
  const path: Edge[] = []
  for (let at = from; at !== to; ) {
    const edge = left.get(at)
    if (edge === undefined) throw new Error('an order was derived from a path that does not exist')
    const last = path[path.length - 1]
    // Merges consecutive steps of program order: the operations in between do not matter.
    if (last?.reason === 'process order' && edge.reason === 'process order') {
      path[path.length - 1] = { from: last.from, to: edge.to, reason: 'process order' }
    } else path.push(edge)
    at = edge.to
  }
  return path
}
