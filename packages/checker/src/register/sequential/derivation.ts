import { shortestWay } from '../../graph/walks.ts'
import { type Edge, inOwnOrder } from './edges.ts'
import type { Conflict, Saturation } from './saturation.ts'

/**
 * A cycle of orders, each beginning where the previous order ends. `involved`: all operations that the derivation uses.
 */
export interface Derivation {
  readonly cycle: readonly Edge[]
  readonly involved: ReadonlySet<number>
  /** For each assumed order that the derivation uses: the first operation of the later thread (see `joinThreads`). */
  readonly joined: readonly number[]
  readonly paths: ReadonlyMap<Edge, readonly Edge[]>
}

/** The number of each derived order. An order depends only on orders with smaller numbers. */
type Numbers = Map<Edge, number>

/** Returns a contradiction's cycle and, for each derived order, the path of orders from which it follows. */
export function derive(saturation: Saturation, conflict: Conflict): Derivation {
  const newest = saturation.edges.count()
  const last = betweenWrites(conflict.edge)
  // If `betweenWrites` replaced the edge, the new edge may depend on every derived order, so it gets the highest
  // number.
  const numbers: Numbers = new Map([[last, last === conflict.edge ? (conflict.number ?? newest) : newest]])
  const { from, to } = last
  const cycle = [...(from === to ? [] : pathBetween(saturation, to, from, newest, numbers)), last]
  const involved = new Set<number>()
  const joined: number[] = []
  const explained = new Map<number, readonly Edge[]>()
  const paths = new Map<Edge, readonly Edge[]>()
  const waiting = [...cycle]
  for (let edge = waiting.pop(); edge !== undefined; edge = waiting.pop()) {
    involved.add(edge.from).add(edge.to)
    if (edge.reason === 'assumed' && saturation.threads.joined[edge.to] === 1) joined.push(edge.to)
    const number = numbers.get(edge)
    if (number === undefined) continue
    const known = explained.get(number)
    const path = known ?? premisePath(saturation, edge, number, numbers)
    paths.set(edge, path)
    if (known !== undefined) continue
    explained.set(number, path)
    if (edge.reader !== undefined) {
      involved.add(edge.reader)
      const source = saturation.writerOf[edge.reader]
      if (source >= 0) involved.add(source)
    }
    waiting.push(...path)
  }
  return { cycle, involved, joined, paths }
}

function premisePath(
  saturation: Saturation,
  { premise: pair }: Edge,
  number: number,
  numbers: Numbers,
): readonly Edge[] {
  if (pair === undefined) return []
  const [premise, conclusion] = pair
  return premise === conclusion ? [] : pathBetween(saturation, premise, conclusion, number, numbers)
}

/**
 * Converts a contradiction between a read and a write to a contradiction between two writes, which is easier to
 * understand. The write follows the read's source. But it also precedes the read, so it must precede the source, too.
 */
function betweenWrites(edge: Edge): Edge {
  const { from, to, reader, premise } = edge
  if (edge.reason !== 'overwritten after' || premise === undefined || from === to || reader === undefined) return edge
  const [seen] = premise
  return { from: to, to: seen, reason: 'overwritten before', premise: [to, from], reader }
}

/**
 * Returns a shortest path of program order, reads-from, and derived orders whose numbers are below `limit`. A path must
 * exist. Adds the number of each derived order that it visits to `numbers`.
 */
function pathBetween(
  saturation: Saturation,
  from: number,
  to: number,
  limit: number,
  numbers: Numbers,
): readonly Edge[] {
  const { threads, edges } = saturation
  const { of, place, start, members } = threads
  const way = shortestWay<Edge>(from, to, (at, visit, isReached) => {
    for (let e = edges.first(at); e !== -1; e = edges.next(e)) {
      if (e >= limit || isReached(edges.to(e))) continue
      const edge = edges.get(e)
      numbers.set(edge, e)
      visit(edge.to, edge)
    }
    for (const reader of saturation.readersOf(at)) visit(reader, { from: at, to: reader, reason: 'reads from' })
    const next = start[of[at]] + place[at] + 1
    if (next === start[of[at] + 1]) return
    const other = members[next]
    visit(other, { from: at, to: other, reason: threads.joined[other] === 1 ? 'assumed' : 'process order' })
  })
  if (way === undefined) throw new Error('no path of edges justifies a derived order')
  return inOwnOrder(way)
}
