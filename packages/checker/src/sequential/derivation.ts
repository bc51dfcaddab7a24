import type { Edge } from './edges.ts'
import type { Conflict, Saturation } from './saturation.ts'

/** A cycle of orders, each coming before the next, and every operation that its derivation uses. */
export interface Derivation {
  readonly cycle: readonly Edge[]
  readonly involved: ReadonlySet<number>
  /** The operations that it takes to be after others only because threads were joined. */
  readonly joined: readonly number[]
}

/**
 * Takes a contradiction apart: the cycle itself, and for each derived order in it the path that it was derived from, and so
 * on down to program order and reads-from.
 */
export function derive(saturation: Saturation, conflict: Conflict): Derivation {
  const edge = betweenWrites(conflict.edge)
  const edges = saturation.listEdges()
  const number = new Map(edges.map((each, n) => [each, n]))
  const leaving = new Map<number, number[]>()
  for (const [n, { from }] of edges.entries()) {
    const known = leaving.get(from)
    if (known === undefined) leaving.set(from, [n])
    else known.push(n)
  }
  const path = (from: number, to: number, limit: number): Edge[] =>
    pathBetween(saturation, edges, leaving, from, to, limit)
  const involved = new Set<number>()
  const joined: number[] = []
  const explained = new Set<Edge>()
  const cycle = [...(edge.from === edge.to ? [] : path(edge.to, edge.from, edges.length)), edge]
  const waiting: { readonly edge: Edge; readonly limit: number }[] = cycle.map((each) => ({
    edge: each,
    limit: number.get(each) ?? edges.length,
  }))
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (explained.has(next.edge)) continue
    explained.add(next.edge)
    involved.add(next.edge.from).add(next.edge.to)
    if (next.edge.reason === 'assumed' && saturation.threads.joined[next.edge.to] === 1) joined.push(next.edge.to)
    if (next.edge.reader !== undefined) {
      involved.add(next.edge.reader)
      const source = saturation.writerOf[next.edge.reader]
      if (source >= 0) involved.add(source)
    }
    if (next.edge.premise === undefined) continue
    const [premise, conclusion] = next.edge.premise
    if (premise === conclusion) continue
    for (const each of path(premise, conclusion, next.limit)) {
      waiting.push({ edge: each, limit: number.get(each) ?? next.limit })
    }
  }
  return { cycle, involved, joined }
}

/**
 * A read must come before a write because the write that it saw does, and yet comes after it: then the one write must come
 * before the other and after it, which is easier to see.
 */
function betweenWrites(edge: Edge): Edge {
  const { from, to, reader, premise } = edge
  if (edge.reason !== 'overwritten after' || premise === undefined || from === to || reader === undefined) return edge
  const [seen] = premise
  return { from: to, to: seen, reason: 'overwritten before', premise: [to, from], reader }
}

/** The shortest path by program order, reads-from and the first `limit` edges; there must be one. */
function pathBetween(
  saturation: Saturation,
  edges: readonly Edge[],
  leaving: ReadonlyMap<number, readonly number[]>,
  from: number,
  to: number,
  limit: number,
): Edge[] {
  const { threads } = saturation
  const { of, place, start, members } = threads
  const arrived = new Map<number, Edge | undefined>([[from, undefined]])
  const queue = [from]
  const visit = (edge: Edge): void => {
    if (arrived.has(edge.to)) return
    arrived.set(edge.to, edge)
    queue.push(edge.to)
  }
  for (let head = 0; head < queue.length && !arrived.has(to); head++) {
    const at = queue[head]
    for (const e of leaving.get(at) ?? []) if (e < limit) visit(edges[e])
    for (const reader of saturation.readersOf(at)) visit({ from: at, to: reader, reason: 'reads from' })
    const next = start[of[at]] + place[at] + 1
    if (next === start[of[at] + 1]) continue
    visit({ from: at, to: members[next], reason: threads.joined[members[next]] === 1 ? 'assumed' : 'process order' })
  }
  const path: Edge[] = []
  for (let at = to; at !== from; ) {
    const edge = arrived.get(at)
    if (edge === undefined) throw new Error('an order was derived from a path that does not exist')
    path.push(edge)
    at = edge.from
  }
  return joinProcessOrder(path.reverse())
}

/** Steps of program order in a row are one: what lies between does not matter. */
function joinProcessOrder(path: readonly Edge[]): Edge[] {
  const joined: Edge[] = []
  for (const edge of path) {
    const last = joined[joined.length - 1]
    if (last?.reason === 'process order' && edge.reason === 'process order') {
      joined[joined.length - 1] = { from: last.from, to: edge.to, reason: 'process order' }
    } else joined.push(edge)
  }
  return joined
}
