import type { Json } from '@chaosproxy/history'
import { type Encoded, NEVER, NOTHING, restrict } from '../../../encoding/encoded.ts'
import { assemble, listsOf, type Threads, threadsOf } from '../../../encoding/threads.ts'
import type { Budget } from '../../../limits/budget.ts'
import { firstWhere } from '../../../search/halving.ts'
import { decideBy, findSequentialOrder } from '../../sequential/decide.ts'
import { derive } from '../../sequential/derivation.ts'
import { indicesWhere, NO_READ, type ReadsFrom } from '../../sequential/reads-from.ts'
import type { Conflict, Saturation } from '../../sequential/saturation.ts'
import type { Contradiction, Judged } from './judged.ts'
import type { CausalOrder, Facts } from './order.ts'

/** A client with overlapping reads, which form several threads. */
export interface BranchedClient {
  readonly client: number
  readonly threads: readonly number[]
}

export function branchedClients(encoded: Encoded, { isBranched, count, start, members }: Threads): BranchedClient[] {
  if (!isBranched) return []
  const clients = encoded.clients()
  const reading = new Map<number, number[]>()
  for (let thread = 0; thread < count; thread++) {
    const own = members.subarray(start[thread], start[thread + 1])
    if (!own.some((operation) => encoded.expects[operation] !== NOTHING)) continue
    const client = clients[own[0]]
    reading.set(client, [...(reading.get(client) ?? []), thread])
  }
  return Array.from(reading, ([client, threads]) => ({ client, threads })).filter(({ threads }) => threads.length > 1)
}

/**
 * Decides PRAM, or causal memory if `order` is given, for a client with overlapping reads. For each operation that
 * `endsOf` returns, tests the sequential consistency of a part of the history: this operation, the client's earlier
 * operations, and writes. For PRAM, these are all writes, in client order. For causal memory, they are the writes in
 * the past of the operation, in causal order. The test may put the overlapping reads in any order.
 *
 * @throws OutOfTime
 */
export function judgeClient(
  facts: Facts,
  { client, threads }: BranchedClient,
  order: CausalOrder | undefined,
  budget: Budget,
): Judged {
  const { encoded } = facts
  for (const end of endsOf(encoded, client)) {
    const isPast = (i: number): boolean => order === undefined || i === end || order.precedes(i, end)
    const indices = operationsUntil(end, encoded, isPast)
    const view = viewOf(facts, indices)
    const woven = order && weave(indices, facts.threads, order, budget)
    const { answer } = decideBy(view, woven ?? threadsOf(view.encoded, true, budget), budget)
    if (answer.result === 'met') continue
    if (answer.result === 'unknown') return budget.expired(0) ? 'out of time' : 'out of memory'
    if (answer.cycle === undefined) return 'contradicted'
    return contradictionOf(answer.cycle, indices, threads[0])
  }
  return 'none'
}

/**
 * Decides PRAM for one client with overlapping reads, by a bounded search. Unlike `judgeClient`, accepts values that
 * were written several times. For reads and writes only.
 *
 * @throws OutOfTime
 */
export function searchClient(
  encoded: Encoded,
  { client }: BranchedClient,
  budget: Budget,
  steps: number,
): 'met' | 'violated' | 'unknown' {
  let isUnknown = false
  for (const end of endsOf(encoded, client)) {
    const view = restrict(encoded, operationsUntil(end, encoded))
    const { result } = findSequentialOrder(view, NO_TEXTS, budget, steps * view.length)
    if (result === 'violated') return result
    if (result === 'unknown') isUnknown = true
  }
  return isUnknown ? 'unknown' : 'met'
}

/** A lookup of values that is never called: only appends need the values, and there are none here. */
const NO_TEXTS = (): Json => null

/**
 * Returns the completed operation that a client called last, and the client's reads that were still open at this call.
 * The views of these operations (see `operationsUntil`) together contain every completed read of the client.
 */
function endsOf({ length, calls, returns, writes, clients }: Encoded, client: number): readonly number[] {
  const numbers = clients()
  const own = indicesWhere(length, (i) => numbers[i] === client && returns[i] !== NEVER)
  const last = own[own.length - 1]
  return [...own].filter((i) => i === last || (returns[i] > calls[last] && writes[i] === NOTHING))
}

/**
 * Returns all writes, `end`, and the operations that the client of `end` completed before it called `end`. Omits
 * operations for which `passes` returns false.
 */
function operationsUntil(end: number, encoded: Encoded, passes: (i: number) => boolean = () => true): Int32Array {
  const { calls, returns, writes } = encoded
  const clients = encoded.clients()
  const isOwn = (i: number): boolean => i === end || (clients[i] === clients[end] && returns[i] < calls[end])
  return indicesWhere(encoded.length, (i) => (writes[i] !== NOTHING || isOwn(i)) && passes(i))
}

/** Splits some operations into threads, with the causal order between threads. */
function weave(indices: Int32Array, threads: Threads, { rows, width }: CausalOrder, budget: Budget): Threads {
  const { length } = indices
  const of = new Int32Array(length)
  const place = new Int32Array(length)
  const columnOf = new Map<number, number>()
  const sizes: number[] = []
  const kept: number[][] = []
  const pairs: { readonly from: number[]; readonly to: number[] } = { from: [], to: [] }
  for (let n = 0; n < length; n++) {
    const thread = threads.of[indices[n]]
    if (!columnOf.has(thread)) {
      columnOf.set(thread, sizes.length)
      sizes.push(0)
      kept.push([])
    }
    const column = columnOf.get(thread) ?? 0
    of[n] = column
    place[n] = sizes[column]++
    kept[column].push(n)
  }
  for (let n = 0; n < length; n++) {
    const previous = place[n] === 0 ? undefined : kept[of[n]][place[n] - 1]
    for (const [thread, column] of columnOf) {
      budget.tick()
      const known = rows[indices[n] * width + thread]
      // Omits a redundant edge from an operation that already precedes the previous operation of this thread.
      if (column === of[n] || (previous !== undefined && rows[indices[previous] * width + thread] === known)) continue
      const some = kept[column]
      const before = some[firstWhere(0, some.length, (m) => threads.place[indices[some[m]]] >= known) - 1]
      if (before === undefined) continue
      pairs.from.push(before)
      pairs.to.push(n)
    }
  }
  return assemble({
    of,
    place,
    sizes,
    before: listsOf(pairs, length),
    isBranched: threads.isBranched,
    joined: new Uint8Array(length),
  })
}

/**
 * Returns the operations at `indices` with their sources. A source that is not among these operations counts as none,
 * because a view explains only its client's reads.
 */
function viewOf({ encoded, writerOf }: Facts, indices: Int32Array): ReadsFrom {
  const number = new Int32Array(encoded.length).fill(NO_READ)
  for (let n = 0; n < indices.length; n++) number[indices[n]] = n
  return {
    result: 'unique',
    encoded: restrict(encoded, indices),
    indices,
    writerOf: Int32Array.from(indices, (i) => (writerOf[i] < 0 ? writerOf[i] : number[writerOf[i]])),
  }
}

function contradictionOf(
  { saturation, conflict }: { readonly saturation: Saturation; readonly conflict: Conflict },
  indices: Int32Array,
  thread: number,
): Contradiction {
  const { cycle, involved } = derive(saturation, conflict)
  const at = (n: number): number => indices[n]
  return {
    derived: [],
    cycle: cycle.map(({ from, to, reason, reader }) => ({
      from: at(from),
      to: at(to),
      reason,
      reader: reader === undefined ? undefined : at(reader),
    })),
    isWhole: true,
    thread,
    involved: new Set(Array.from(involved, at)),
  }
}
