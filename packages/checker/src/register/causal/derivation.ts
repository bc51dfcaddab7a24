import { addTo } from '../../encoding/lists.ts'
import { shortestWay } from '../../graph/walks.ts'
import type { WeakDefinition } from '../../levels/definition.ts'
import { type Edge, inOwnOrder } from '../sequential/edges.ts'
import type { Contradiction } from './orders/judged.ts'
import { type Facts, previousOf } from './orders/order.ts'

/**
 * A cycle of orders, each beginning where the previous one ends. `involved` holds every operation from which the cycle
 * is derived.
 */
export interface Derivation {
  readonly cycle: readonly Edge[]
  readonly involved: ReadonlySet<number>
  /** By derived order: the path from which it follows. The map is empty if another search derived the orders. */
  readonly paths: ReadonlyMap<Edge, readonly Edge[]>
}

/** Returns the whole cycle of a contradiction, and for each derived order, the path that implies this order. */
export function derivationOf(facts: Facts, contradiction: Contradiction, level: WeakDefinition): Derivation {
  const { derived, involved } = contradiction
  // If clients may disagree about which write a read saw, the contradiction of one client must not depend on what other
  // clients' reads saw.
  const reader = level.sourcesChosenBy === 'each client' ? contradiction.thread : undefined
  const into = incoming(derived)
  const path: Path = (from, to, limit) => (from === to ? [] : pathBetween(facts, into, from, to, limit, reader))
  if (involved !== undefined) {
    const steps = contradiction.cycle.flatMap((edge) => stepped(edge, path))
    return { cycle: steps, involved: new Set([...involved, ...steps.map(({ from }) => from)]), paths: new Map() }
  }
  const cycle = closed(facts, contradiction, level, path)
  return { cycle, ...premisesOf(facts, cycle, derived, level, path) }
}

/** A path of client order, reads-from and the first `limit` derived orders. */
type Path = (from: number, to: number, limit: number) => readonly Edge[]

/**
 * Replaces an edge of process order, which may skip operations, by a path of single steps of client order and
 * reads-from.
 */
const stepped = (edge: Edge, path: Path): readonly Edge[] =>
  edge.reason === 'process order' ? path(edge.from, edge.to, 0) : [edge]

/** The whole cycle. */
function closed(
  facts: Facts,
  { cycle, isWhole, derived }: Contradiction,
  level: WeakDefinition,
  path: Path,
): readonly Edge[] {
  if (isWhole) return cycle
  const [last] = cycle
  if (level.knewBy === undefined) return [...path(last.to, last.from, derived.length), last]
  return [...known(last.to, level.knewBy(facts, last.to, last.from), last.from), last]
}

/**
 * Returns the steps from a write to a read that missed it. The client of the read already knew of the write from its
 * operation `by`: either `by` is the write itself, or `by` read the written value.
 */
function known(write: number, by: number, read: number): readonly Edge[] {
  const last: Edge = { from: by, to: read, reason: 'process order' }
  return by === write ? [last] : [{ from: write, to: by, reason: 'reads from' }, last]
}

/** Returns all operations and paths on which the orders of a cycle depend. */
function premisesOf(
  facts: Facts,
  cycle: readonly Edge[],
  derived: readonly Edge[],
  { knewBy }: WeakDefinition,
  path: Path,
): Pick<Derivation, 'involved' | 'paths'> {
  const number = new Map(derived.map((edge, n) => [edge, n]))
  const involved = new Set<number>()
  const paths = new Map<Edge, readonly Edge[]>()
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
    if (knewBy !== undefined) {
      const by = knewBy(facts, premise, reader)
      involved.add(by)
      paths.set(edge, known(premise, by, reader))
      continue
    }
    const orders = path(premise, reader, number.get(edge) ?? derived.length)
    paths.set(edge, orders)
    for (const each of orders) waiting.push(each)
  }
  return { involved, paths }
}

interface Numbered {
  readonly edge: Edge
  readonly number: number
}

function incoming(edges: readonly Edge[]): ReadonlyMap<number, readonly Numbered[]> {
  const into = new Map<number, Numbered[]>()
  for (const [number, edge] of edges.entries()) {
    addTo(into, edge.to, { edge, number })
  }
  return into
}

/**
 * Returns a shortest path from `from` to `to`. Its edges are process order, reads-from, and the first `limit` of the
 * derived orders. Such a path must exist. If `reader` is given, only reads of this thread contribute reads-from edges.
 * Searches backwards, because operations have few direct predecessors.
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
  const { start, items } = threads.before
  const way = shortestWay<Edge>(to, from, (at, visit) => {
    for (const { edge, number } of into.get(at) ?? []) if (number < limit) visit(edge.from, edge)
    const source = writerOf[at]
    if (source >= 0 && (reader === undefined || threads.of[at] === reader))
      visit(source, { from: source, to: at, reason: 'reads from' })
    const previous = previousOf(threads, at)
    if (previous !== -1) visit(previous, { from: previous, to: at, reason: 'process order' })
    for (let n = start[at]; n < start[at + 1]; n++) visit(items[n], { from: items[n], to: at, reason: 'process order' })
  })
  if (way === undefined) throw new Error('no path of edges justifies a derived order')
  return inOwnOrder(way.toReversed())
}
