import { groupBy, turned } from '../../../encoding/lists.ts'
import type { Budget } from '../../../limits/budget.ts'
import { type Edge, overwrites } from '../../sequential/edges.ts'
import { INITIAL, NO_READ } from '../../sequential/reads-from.ts'
import { type CausalOrder, type Facts, lastAmong, previousOf } from './order.ts'

/**
 * Returns a read whose source was overwritten in the read's own causal past: the patterns WriteCOInitRead and
 * WriteCORead (Bouajjani et al., POPL 2017, §3.2). A history is causally consistent (CC) if its causal order is acyclic
 * and no such read exists. It suffices to check each thread's last write to the key in this past: if an earlier write
 * of the thread follows the source, the last one does, too.
 *
 * @throws OutOfTime
 */
export function overwrittenInPast(facts: Facts, order: CausalOrder, budget: Budget): Edge | undefined {
  const { encoded, writerOf, threads } = facts
  const { rows, width, basis } = order
  for (const read of basis) {
    const source = writerOf[read]
    if (source === NO_READ) continue
    const lists = facts.writesTo(encoded.key[read])
    for (let n = 0; n < lists.length; n++) {
      budget.tick()
      const { thread, writes } = lists[n]
      const count = rows[read * width + thread]
      if (count === 0) continue
      const last = lastAmong(writes, count, threads.place)
      if (last === -1 || last === source) continue
      if (source === INITIAL || order.precedes(source, last)) return overwrites(last, read, source)
    }
  }
  return undefined
}

export type Arbitration =
  /** An order that contains the causal order, in which each read's source is the last write in its past. */
  | { readonly result: 'order'; readonly order: Int32Array }
  | { readonly result: 'cycle'; readonly cycle: readonly Edge[] }

/**
 * Orders the writes for causal convergence (CCv): if a read saw one of two writes, and the other one is in the read's
 * causal past, the other one is the older write. An order exists unless these conflicts and the causal order form a
 * cycle (CyclicCF, Bouajjani et al. §3.4). The history must be causally consistent.
 *
 * @throws OutOfTime
 */
export function arbitrate(facts: Facts, order: CausalOrder, budget: Budget): Arbitration {
  const conflicts = conflictsOf(facts, order, budget)
  const { length } = facts.encoded
  const waiting = predecessorCounts(facts, conflicts)
  const arbitration = new Int32Array(length)
  const placed = place(facts, order, conflicts, waiting, arbitration, budget)
  if (placed === length) return { result: 'order', order: arbitration }
  return { result: 'cycle', cycle: cycleAmong(facts, conflicts, waiting, budget) }
}

/**
 * Orders between two writes, as columns. Row i says that write `from[i]` precedes write `to[i]`, as read `by[i]` shows.
 */
interface Conflicts {
  readonly from: readonly number[]
  readonly to: readonly number[]
  readonly by: readonly number[]
}

function conflictsOf(facts: Facts, order: CausalOrder, budget: Budget): Conflicts {
  const { encoded, writerOf, threads } = facts
  const { rows, width, basis } = order
  const from: number[] = []
  const to: number[] = []
  const by: number[] = []
  for (const read of basis) {
    const source = writerOf[read]
    if (source < 0) continue
    const lists = facts.writesTo(encoded.key[read])
    for (let n = 0; n < lists.length; n++) {
      budget.tick()
      const { thread, writes } = lists[n]
      const count = rows[read * width + thread]
      // A write that causally precedes `source` needs no edge: the causal order already puts it before `source`.
      if (count === 0 || count <= rows[source * width + thread]) continue
      const last = lastAmong(writes, count, threads.place)
      if (last === -1 || last === source || order.precedes(last, source)) continue
      from.push(last)
      to.push(source)
      by.push(read)
    }
  }
  return { from, to, by }
}

function predecessorCounts({ encoded: { length }, writerOf, threads }: Facts, { to }: Conflicts): Int32Array {
  const waiting = new Int32Array(length)
  for (const target of to) waiting[target]++
  for (let i = 0; i < length; i++) {
    if (previousOf(threads, i) !== -1) waiting[i]++
    if (writerOf[i] >= 0) waiting[i]++
    waiting[i] += threads.before.start[i + 1] - threads.before.start[i]
  }
  return waiting
}

/** Appends each operation to `arbitration` after all its predecessors; returns how many operations were appended. */
function place(
  { encoded: { length }, writerOf, threads }: Facts,
  { basis }: CausalOrder,
  { from, to }: Conflicts,
  waiting: Int32Array,
  arbitration: Int32Array,
  budget: Budget,
): number {
  const outgoing = groupBy(from, length, budget)
  const readers = groupBy(writerOf, length, budget)
  const followers = turned(threads.before, budget)
  let placed = 0
  let head = 0
  const done = (operation: number): void => {
    if (--waiting[operation] === 0) arbitration[placed++] = operation
  }
  for (const operation of basis) if (waiting[operation] === 0) arbitration[placed++] = operation
  while (head < placed) {
    budget.tick()
    const operation = arbitration[head++]
    const next = threads.start[threads.of[operation]] + threads.place[operation] + 1
    if (next < threads.start[threads.of[operation] + 1]) done(threads.members[next])
    for (let e = followers.start[operation]; e < followers.start[operation + 1]; e++) done(followers.items[e])
    for (let e = readers.start[operation]; e < readers.start[operation + 1]; e++) done(readers.items[e])
    for (let e = outgoing.start[operation]; e < outgoing.start[operation + 1]; e++) done(to[outgoing.items[e]])
  }
  return placed
}

/**
 * Returns a cycle among the remaining operations. Each remaining operation waits for another one of them, so a backward
 * walk reaches a cycle.
 */
function cycleAmong(facts: Facts, conflicts: Conflicts, waiting: Int32Array, budget: Budget): readonly Edge[] {
  const incoming = groupBy(conflicts.to, facts.encoded.length, budget)
  const seen = new Map<number, number>()
  const walk: Edge[] = []
  let at = waiting.findIndex((count) => count > 0)
  while (!seen.has(at)) {
    seen.set(at, walk.length)
    const into = incoming.items.subarray(incoming.start[at], incoming.start[at + 1])
    const edge = waitsFor(at, facts, conflicts, waiting, into)
    walk.push(edge)
    at = edge.from
  }
  return walk.slice(seen.get(at)).reverse()
}

/**
 * Returns an edge that leads to `operation` from an operation that must come first and is not placed yet. `into` holds
 * the conflicts that lead to `operation`.
 */
function waitsFor(
  operation: number,
  { writerOf, threads }: Facts,
  { from, by }: Conflicts,
  waiting: Int32Array,
  into: Int32Array,
): Edge {
  const conflict = into.find((each) => waiting[from[each]] > 0)
  if (conflict !== undefined) return overwrites(from[conflict], by[conflict], operation)
  const source = writerOf[operation]
  if (source >= 0 && waiting[source] > 0) return { from: source, to: operation, reason: 'reads from' }
  const previous = previousOf(threads, operation)
  if (previous !== -1 && waiting[previous] > 0) return { from: previous, to: operation, reason: 'process order' }
  const { start, items } = threads.before
  const before = items.subarray(start[operation], start[operation + 1]).find((each) => waiting[each] > 0)
  if (before === undefined) throw new Error('an operation waits, but none of its predecessors does')
  return { from: before, to: operation, reason: 'process order' }
}
