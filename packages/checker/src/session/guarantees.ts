import type { Budget } from '../budget.ts'
import type { Facts } from '../causal/order.ts'
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
 * Read your writes: a process's own earlier writes are visible to its reads, so the source of a read is the latest, in the
 * order of all, of these writes and itself.
 *
 * All own writes to a key up to one of them are a node, so that there are as many orders as operations, not as pairs. Where
 * the source is an own write as well, the own writes between it and the read come before it too. If another own write that
 * is the source of an own read is among those, each of the two comes before the other; so otherwise these spans are disjoint.
 */
export function missesOwnWrites(facts: Facts, budget: Budget): readonly Edge[] | undefined {
  const { encoded, writerOf, threads } = facts
  const { length, key, writes } = encoded
  const edges: Edge[] = []
  const add = (from: number, to: number, reader: number): void => {
    edges.push({ from, to, reason: 'overwritten before', premise: [from % length, reader], reader })
  }
  // Of each write: its process's one before, to the same key. Node `length + w` stands for w and all those before it.
  const previous = new Int32Array(length).fill(NO_READ)
  const linked = new Uint8Array(length)
  const addAllUpTo = (last: number, to: number, reader: number): void => {
    for (let write = last; write >= 0 && linked[write] === 0; write = previous[write]) {
      linked[write] = 1
      add(write, length + write, reader)
      if (previous[write] >= 0) add(length + previous[write], length + write, reader)
    }
    if (last >= 0) add(length + last, to, reader)
  }
  // Of each key: the process's last write, its last read that saw an own write, and the last write before that read.
  const lastWrite = new Int32Array(encoded.keys).fill(NO_READ)
  const lastRead = new Int32Array(encoded.keys).fill(NO_READ)
  const lastWriteThen = new Int32Array(encoded.keys)
  for (let t = 0; t < threads.count; t++) {
    const end = threads.start[t + 1]
    for (let m = threads.start[t]; m < end; m++) {
      budget.tick()
      const operation = threads.members[m]
      const k = key[operation]
      if (writes[operation] !== NOTHING) {
        previous[operation] = lastWrite[k]
        lastWrite[k] = operation
        continue
      }
      const source = writerOf[operation]
      const last = lastWrite[k]
      if (source === NO_READ || last < 0) continue
      if (source === INITIAL) {
        return [
          { from: operation, to: last, reason: 'overwritten after', premise: [last, operation], reader: operation },
        ]
      }
      if (threads.of[source] !== t) {
        addAllUpTo(last, source, operation)
        continue
      }
      const earlier = lastRead[k]
      if (earlier >= 0 && writerOf[earlier] !== source) {
        const other = writerOf[earlier]
        if (threads.place[other] > threads.place[source] || threads.place[lastWriteThen[k]] >= threads.place[source]) {
          return [
            { from: source, to: other, reason: 'overwritten before', premise: [source, earlier], reader: earlier },
            { from: other, to: source, reason: 'overwritten before', premise: [other, operation], reader: operation },
          ]
        }
      }
      addAllUpTo(previous[source], source, operation)
      const known = earlier >= 0 && writerOf[earlier] === source ? lastWriteThen[k] : source
      for (let write = last; write !== known; write = previous[write]) add(write, source, operation)
      lastRead[k] = operation
      lastWriteThen[k] = last
    }
    for (let m = threads.start[t]; m < end; m++) {
      lastWrite[key[threads.members[m]]] = NO_READ
      lastRead[key[threads.members[m]]] = NO_READ
    }
  }
  const cycle = findCycle(edges, 2 * length, budget)
  return cycle === undefined ? undefined : withoutPrefixes(cycle, length)
}

/** A way from one write into a node of many, and on to the write these come before, is one order between the two. */
function withoutPrefixes(cycle: readonly Edge[], length: number): readonly Edge[] {
  const first = cycle.findIndex(({ from }) => from < length)
  const turned = [...cycle.slice(first), ...cycle.slice(0, first)]
  const edges: Edge[] = []
  let from = -1
  for (const edge of turned) {
    if (edge.from < length) from = edge.from
    if (edge.to >= length) continue
    edges.push({
      from,
      to: edge.to,
      reason: 'overwritten before',
      premise: [from, edge.reader ?? from],
      reader: edge.reader,
    })
  }
  return edges
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
