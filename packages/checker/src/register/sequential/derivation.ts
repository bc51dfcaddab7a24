import type { Edge } from './edges.ts'
import type { Conflict, Saturation } from './saturation.ts'

/** A cycle of orders, each coming before the next, and every operation its derivation uses. */
export interface Derivation {
  readonly cycle: readonly Edge[]
  readonly involved: ReadonlySet<number>
  /** The operations assumed to follow others only because threads were joined. */
  readonly joined: readonly number[]
  /** The path that each derived order depends on. */
  readonly paths: ReadonlyMap<Edge, readonly Edge[]>
}

/** An order with its number among the derived ones, which depends only on earlier ones; BASE for all others. */
interface Step {
  readonly edge: Edge
  readonly number: number
}

const BASE = -1

/** Expands a contradiction: the paths its derived orders come from, down to program order and reads-from. */
export function derive(saturation: Saturation, conflict: Conflict): Derivation {
  const newest = saturation.edges.count()
  const edge = betweenWrites(conflict.edge)
  // In the other direction it depends on everything known.
  const last: Step = { edge, number: edge === conflict.edge ? (conflict.number ?? newest) : newest }
  const { from, to } = edge
  const cycle = [...(from === to ? [] : pathBetween(saturation, to, from, newest)), last]
  const involved = new Set<number>()
  const joined: number[] = []
  const explained = new Map<number, readonly Edge[]>()
  const paths = new Map<Edge, readonly Edge[]>()
  const waiting = [...cycle]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { edge, number } = next
    involved.add(edge.from).add(edge.to)
    if (edge.reason === 'assumed' && saturation.threads.joined[edge.to] === 1) joined.push(edge.to)
    if (number === BASE) continue
    const known = explained.get(number)
    const path = known === undefined ? premisePath(saturation, next) : []
    const orders = known ?? path.map((step) => step.edge)
    paths.set(edge, orders)
    if (known !== undefined) continue
    explained.set(number, orders)
    if (edge.reader !== undefined) {
      involved.add(edge.reader)
      const source = saturation.writerOf[edge.reader]
      if (source >= 0) involved.add(source)
    }
    for (const step of path) waiting.push(step)
  }
  return { cycle: cycle.map(({ edge }) => edge), involved, joined, paths }
}

function premisePath(saturation: Saturation, { edge, number }: Step): readonly Step[] {
  if (edge.premise === undefined) return []
  const [premise, conclusion] = edge.premise
  return premise === conclusion ? [] : pathBetween(saturation, premise, conclusion, number)
}

/**
 * A read must come before a write because the write it saw does, and yet comes after it: then the one write must come
 * before the other and after it, which is easier to see.
 */
function betweenWrites(edge: Edge): Edge {
  const { from, to, reader, premise } = edge
  if (edge.reason !== 'overwritten after' || premise === undefined || from === to || reader === undefined) return edge
  const [seen] = premise
  return { from: to, to: seen, reason: 'overwritten before', premise: [to, from], reader }
}

/** The shortest path by program order, reads-from and the first `limit` derived orders; there must be one. */
function pathBetween(saturation: Saturation, from: number, to: number, limit: number): readonly Step[] {
  const { threads, edges } = saturation
  const { of, place, start, members } = threads
  const arrived = new Map<number, Step | undefined>([[from, undefined]])
  const queue = [from]
  const visit = (step: Step): void => {
    if (arrived.has(step.edge.to)) return
    arrived.set(step.edge.to, step)
    queue.push(step.edge.to)
  }
  for (let head = 0; head < queue.length && !arrived.has(to); head++) {
    const at = queue[head]
    for (let e = edges.first(at); e !== -1; e = edges.next(e)) {
      if (e < limit && !arrived.has(edges.to(e))) visit({ edge: edges.get(e), number: e })
    }
    for (const reader of saturation.readersOf(at)) {
      visit({ edge: { from: at, to: reader, reason: 'reads from' }, number: BASE })
    }
    const next = start[of[at]] + place[at] + 1
    if (next === start[of[at] + 1]) continue
    const reason = threads.joined[members[next]] === 1 ? 'assumed' : 'process order'
    visit({ edge: { from: at, to: members[next], reason }, number: BASE })
  }
  const path: Step[] = []
  for (let at = to; at !== from; ) {
    const step = arrived.get(at)
    if (step === undefined) throw new Error('an order was derived from a path that does not exist')
    path.push(step)
    at = step.edge.from
  }
  return joinProcessOrder(path.reverse())
}

/** Merges consecutive steps of program order: the operations in between do not matter. */
function joinProcessOrder(path: readonly Step[]): Step[] {
  const joined: Step[] = []
  for (const step of path) {
    const last = joined[joined.length - 1]
    if (last?.edge.reason === 'process order' && step.edge.reason === 'process order') {
      const edge: Edge = { from: last.edge.from, to: step.edge.to, reason: 'process order' }
      joined[joined.length - 1] = { edge, number: BASE }
    } else joined.push(step)
  }
  return joined
}
