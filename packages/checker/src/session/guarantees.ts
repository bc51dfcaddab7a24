import type { Budget } from '../budget.ts'
import { type Facts, lastAmong } from '../causal/order.ts'
import { NOTHING } from '../encoded.ts'
import type { Edge } from '../sequential/edges.ts'
import { INITIAL, NO_READ } from '../sequential/reads-from.ts'

// The session guarantees of Viotti & Vukolić (2016), for a history in which no read saw the future: what a read returns is
// the last write, in one arbitration order shared by all, of those visible to it. Of registers, only writes of the same key
// can be told apart, so every order forced is between two writes of one key.

/**
 * Monotonic reads: what an earlier read of the process saw is visible to a later one. So of a key, each new source of a
 * process's reads is later than its one before; that there is such an order of the writes is all there is to it.
 *
 * @throws OutOfTime
 */
export function readsGoBack(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { encoded, writerOf, threads } = facts
  const latest = new Int32Array(encoded.keys).fill(NO_READ)
  const edges: Edge[] = []
  for (let t = 0; t < threads.count; t++) {
    const last = threads.start[t + 1]
    for (let m = threads.start[t]; m < last; m++) {
      budget.tick()
      const read = threads.members[m]
      const source = writerOf[read]
      if (source === NO_READ) continue
      const before = latest[encoded.key[read]]
      latest[encoded.key[read]] = source
      if (before < 0 || before === source) continue
      if (source === INITIAL)
        return [{ from: read, to: before, reason: 'overwritten after', premise: [before, read], reader: read }]
      edges.push({ from: before, to: source, reason: 'overwritten before', premise: [before, read], reader: read })
    }
    for (let m = threads.start[t]; m < last; m++) latest[encoded.key[threads.members[m]]] = NO_READ
  }
  return findCycle(edges, encoded.length, budget)
}

/**
 * Read your writes: a process's own earlier writes are visible to its reads, and in the order of all they stay as the process
 * made them. So the source of a read is the last of these writes, or comes after it.
 *
 * @throws OutOfTime
 */
export function missesOwnWrites(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { encoded, writerOf, threads } = facts
  const { key, writes } = encoded
  const lastWrite = new Int32Array(encoded.keys).fill(NO_READ)
  const edges: Edge[] = []
  for (let t = 0; t < threads.count; t++) {
    const end = threads.start[t + 1]
    for (let m = threads.start[t]; m < end; m++) {
      budget.tick()
      const operation = threads.members[m]
      const k = key[operation]
      const last = threads.after[operation] === -1 ? lastWrite[k] : lastWriteUpTo(facts, threads.after[operation], k)
      if (writes[operation] !== NOTHING) {
        if (last >= 0) edges.push({ from: last, to: operation, reason: 'process order' })
        lastWrite[k] = operation
        continue
      }
      const source = writerOf[operation]
      if (source === NO_READ || last < 0 || last === source) continue
      const premise = [last, operation] as const
      if (source === INITIAL) {
        return [{ from: operation, to: last, reason: 'overwritten after', premise, reader: operation }]
      }
      edges.push({ from: last, to: source, reason: 'overwritten before', premise, reader: operation })
    }
    for (let m = threads.start[t]; m < end; m++) lastWrite[key[threads.members[m]]] = NO_READ
  }
  const cycle = findCycle(edges, encoded.length, budget)
  return cycle && inFewSteps(cycle)
}

/** The last write to a key in the thread of an operation, up to that operation. */
function lastWriteUpTo({ threads, writesTo }: Facts, operation: number, key: number): number {
  const list = writesTo(key).find(({ thread }) => thread === threads.of[operation])
  return list === undefined ? -1 : lastAmong(list.writes, threads.place[operation] + 1, threads.place)
}

/** A process's own order takes one step, however many writes it made in between. */
function inFewSteps(cycle: readonly Edge[]): readonly Edge[] {
  const first = cycle.findIndex(({ reason }) => reason !== 'process order')
  const steps: Edge[] = []
  for (const edge of [...cycle.slice(first), ...cycle.slice(0, first)]) {
    const last = steps[steps.length - 1]
    if (last?.reason === 'process order' && edge.reason === 'process order') {
      steps[steps.length - 1] = { from: last.from, to: edge.to, reason: 'process order' }
    } else steps.push(edge)
  }
  return steps
}

/** Some cycle of the edges between nodes 0 … nodes - 1. */
function findCycle(edges: readonly Edge[], nodes: number, budget: Budget): readonly Edge[] | undefined {
  const start = new Int32Array(nodes + 1)
  for (const { from } of edges) start[from + 1]++
  for (let n = 0; n < nodes; n++) start[n + 1] += start[n]
  const next = start.slice()
  const items = new Int32Array(edges.length)
  for (let e = 0; e < edges.length; e++) items[next[edges[e].from]++] = e
  next.set(start)
  const state = new Uint8Array(nodes)
  const path: number[] = []
  for (let node = 0; node < nodes; node++) {
    if (state[node] !== 0 || start[node] === start[node + 1]) continue
    state[node] = 1
    for (let at = node; ; ) {
      budget.tick()
      if (next[at] === start[at + 1]) {
        state[at] = 2
        const back = path.pop()
        if (back === undefined) break
        at = edges[back].from
        continue
      }
      const e = items[next[at]++]
      const { to } = edges[e]
      if (state[to] === 1) {
        path.push(e)
        return path.slice(path.findIndex((each) => edges[each].from === to)).map((each) => edges[each])
      }
      if (state[to] === 2) continue
      state[to] = 1
      path.push(e)
      at = to
    }
  }
  return undefined
}
