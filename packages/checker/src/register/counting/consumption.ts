import { int32Array } from '@chaosproxy/history'
import { CAS, type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { countBelow } from '../../search/halving.ts'

/**
 * Decides by counting whether operations removed a value of one register more often than it can have been present. Any
 * number of operations may overlap, and any number of writes may write the same value. Counts each key separately.
 * Undefined if counting finds no contradiction, which proves nothing.
 *
 * A completed cas of v to another value *ends* v: the register holds v just before the cas, and another value just
 * after it. A write of v, or a cas of another value to v, completed or not, *begins* v. In every legal order, an
 * operation that begins v lies
 *
 * - between any two operations that end v, because v is absent after the first and present before the second;
 * - before the first operation that ends v, unless v is the initial value;
 * - between an operation that ends v and a later read of v.
 *
 * Take a window from event S to event T. Let E be the number of operations that end v and lie within the window: they
 * were called after S and returned before T. Let B be the number of operations that begin v and overlap the window:
 * they were called before T and returned after S. In a legal order, the E operations have E - 1 gaps between them, and
 * each gap contains another operation that begins v. In real time, only operations that overlap the window can lie in
 * these gaps. So E is at most B + 1.
 *
 * If the window begins before all operations, E is at most B, or at most B + 1 if v is the initial value. This bound is
 * lower by one if a read of v was called after all E operations had returned, and returned within the window: one more
 * operation must then begin v before the read.
 *
 * Takes O(n log n).
 *
 * @throws OutOfTime
 */
export function overconsumed(part: Encoded, budget: Budget): readonly number[] | undefined {
  if (part.hasAppend || part.startOf !== undefined) return undefined
  for (const value of valuesEnded(part, budget)) {
    const isInitial = value.value === part.initial
    const conflict = fromTheStart(part, value, isInitial, budget) ?? withinWindow(part, value, budget)
    if (conflict !== undefined) return conflict
  }
  return undefined
}

/** A value of a key, and the operations that end, begin and read this value, as indices into the part. */
interface Uses {
  readonly value: number
  /** The completed cas operations that replaced the value by another value, in order of their returns. */
  readonly ends: readonly number[]
  readonly begins: readonly number[]
  readonly reads: readonly number[]
}

function valuesEnded(
  { length, kind, key, expects, writes, returns, values }: Encoded,
  budget: Budget,
): readonly Uses[] {
  const uses = new Map<number, { value: number; ends: number[]; begins: number[]; reads: number[] }>()
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (kind[i] !== CAS || returns[i] === NEVER || expects[i] === writes[i]) continue
    const value = expects[i]
    const known = uses.get(key[i] * values + value)
    if (known === undefined) uses.set(key[i] * values + value, { value, ends: [i], begins: [], reads: [] })
    else known.ends.push(i)
  }
  for (let i = 0; i < length; i++) {
    budget.tick()
    if (kind[i] === READ) uses.get(key[i] * values + expects[i])?.reads.push(i)
    else if (writes[i] !== NOTHING && expects[i] !== writes[i]) uses.get(key[i] * values + writes[i])?.begins.push(i)
  }
  for (const { ends } of uses.values()) ends.sort((a, b) => returns[a] - returns[b])
  return [...uses.values()]
}

/**
 * As `overconsumed`, without real time: a single window contains all operations.
 *
 * @throws OutOfTime
 */
export const overconsumedEver = (encoded: Encoded, budget: Budget): readonly number[] | undefined =>
  overconsumed(
    {
      ...encoded,
      calls: int32Array(encoded.length),
      returns: encoded.returns.map((at) => (at === NEVER ? NEVER : 1)),
    },
    budget,
  )

/** Checks the windows that begin before the first operation. */
function fromTheStart(
  { calls, returns }: Encoded,
  { ends, begins, reads }: Uses,
  isInitial: boolean,
  budget: Budget,
): readonly number[] | undefined {
  const start = isInitial ? 1 : 0
  const called = ascending(begins, calls)
  const returned = ascending(ends, returns)
  const conflictOf = (some: readonly number[], until: number): readonly number[] => [
    ...some,
    ...begins.filter((i) => calls[i] < until),
  ]
  for (const [at, end] of ends.entries()) {
    budget.tick()
    if (at + 1 - start > countBelow(called, returns[end])) return conflictOf(ends.slice(0, at + 1), returns[end])
  }
  for (const read of reads) {
    budget.tick()
    const before = countBelow(returned, calls[read])
    if (before > 0 && before + 1 - start > countBelow(called, returns[read]))
      return conflictOf([...ends.slice(0, before), read], returns[read])
  }
  return undefined
}

/**
 * Checks every window from S, the call of an operation in `ends`, to T, the return of an operation in `ends`. Takes the
 * latest S first. For each T, a tree holds the number of operations in `ends` that lie within the window, minus the
 * number of operations in `begins` called before T. Adding the number of operations in `begins` that returned before S
 * gives E - B, which is at most 1 in a legal order (see `overconsumed`).
 */
function withinWindow(
  { calls, returns }: Encoded,
  { ends, begins }: Uses,
  budget: Budget,
): readonly number[] | undefined {
  if (ends.length < 2) return undefined
  const called = ascending(begins, calls)
  const returned = ascending(begins, returns)
  const sums = createPrefixSums(ends.length)
  let before = 0
  for (const [at, end] of ends.entries()) {
    const count = countBelow(called, returns[end])
    sums.add(at, before - count)
    before = count
  }
  const place = new Map(ends.map((end, at) => [end, at]))
  for (const end of ends.toSorted((a, b) => calls[b] - calls[a])) {
    budget.tick()
    const own = place.get(end) ?? 0
    sums.add(own, 1)
    // The window begins at this operation's call and must contain the operation, so it ends at the operation's return
    // or later.
    const { sum, at } = sums.greatestFrom(own)
    if (sum + countBelow(returned, calls[end]) <= 1) continue
    const [from, until] = [calls[end], returns[ends[at]]]
    const within = ends.filter((i) => calls[i] >= from && returns[i] <= until)
    const overlapping = begins.filter((i) => calls[i] < until && returns[i] > from)
    return [...within, ...overlapping]
  }
  return undefined
}

const ascending = (some: readonly number[], column: Int32Array): Int32Array =>
  Int32Array.from(some, (i) => column[i]).sort()

/** Numbers, initially 0, and the greatest of their prefix sums, in a binary tree. */
function createPrefixSums(length: number) {
  let leaves = 1
  while (leaves < length) leaves *= 2
  const sum = int32Array(2 * leaves)
  const best = int32Array(2 * leaves)
  // The tree may have more leaves than there are numbers. The unused leaves hold the least value, so they are never the
  // maximum.
  for (let at = length; at < leaves; at++) best[leaves + at] = LEAST
  const gather = (node: number): void => {
    sum[node] = sum[2 * node] + sum[2 * node + 1]
    best[node] = Math.max(best[2 * node], sum[2 * node] + best[2 * node + 1])
  }
  for (let node = leaves - 1; node > 0; node--) gather(node)
  return {
    add(at: number, amount: number): void {
      let node = leaves + at
      sum[node] += amount
      best[node] = sum[node]
      for (node >>= 1; node > 0; node >>= 1) gather(node)
    },
    /** Returns the greatest prefix sum that ends at `from` or later, and its place. */
    greatestFrom(from: number): { readonly sum: number; readonly at: number } {
      let before = 0
      let own = sum[leaves + from]
      let greatest = own
      let where = leaves + from
      for (let node = leaves + from; node > 1; node >>= 1) {
        const other = node ^ 1
        if (other < node) {
          before += sum[other]
          continue
        }
        if (own + best[other] > greatest) {
          greatest = own + best[other]
          where = other
        }
        own += sum[other]
      }
      while (where < leaves) where = best[where] === best[2 * where] ? 2 * where : 2 * where + 1
      return { sum: before + greatest, at: where - leaves }
    },
  }
}

const LEAST = -0x40000000
