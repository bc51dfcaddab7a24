import { NEVER } from '../../encoding/encoded.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { firstWhere } from '../../search/halving.ts'
import type { Part } from './part.ts'

/** The answer of a polynomial algorithm: an order of the operations, or a few operations that have none. */
export type FastAnswer =
  | { readonly result: 'met'; readonly order: Int32Array }
  /** `conflict` holds indices of contradictory operations; empty if they are unknown. */
  | { readonly result: 'violated'; readonly conflict: readonly number[] }
  | { readonly result: 'not applicable' }

export const NOT_APPLICABLE: FastAnswer = { result: 'not applicable' }

export const violated = (conflict: readonly number[]): FastAnswer => ({ result: 'violated', conflict })

/** Marks an operation left out of the order, which need not have happened. */
export const LEFT_OUT = -1

/**
 * For observations that fix the order up to groups ("slots") of commuting operations: decides whether that order
 * respects real time, and returns it. A `loose` operation may come at any time after all operations of earlier slots.
 *
 * Sound and complete: if an operation of a later slot returned before an operation of an earlier slot was called, the
 * two contradict each other. Otherwise sorting by slot and then by call respects every precedence.
 */
export function orderBySlots(part: Part, slot: Int32Array, loose: Uint8Array, budget: Budget): FastAnswer {
  const { length, calls, returns } = part
  const fixed: number[] = []
  const free: number[] = []
  for (let i = 0; i < length; i++) {
    if (slot[i] === LEFT_OUT) continue
    if (loose[i] === 0) fixed.push(i)
    else free.push(i)
  }
  fixed.sort(ticking((a, b) => slot[a] - slot[b] || calls[a] - calls[b], budget))
  const latest = new Int32Array(fixed.length)
  for (let at = 0; at < fixed.length; at++) {
    const i = fixed[at]
    latest[at] = at === 0 || calls[i] > calls[latest[at - 1]] ? i : latest[at - 1]
    // Of `i` and the operations before it, `latest[at]` was called last. If it was called after `i` returned, it is in
    // an earlier slot, because `fixed` sorts each slot by call. The two then contradict each other.
    if (returns[i] < calls[latest[at]]) return violated([latest[at], i])
  }
  const firstOfSlot = (wanted: number): number => firstWhere(0, fixed.length, (at) => slot[fixed[at]] >= wanted)
  const placed: { readonly before: number; readonly operation: number }[] = []
  for (const i of free) {
    budget.tick()
    // The index in `fixed` before which to place the operation, as late as real time allows.
    const before =
      returns[i] === NEVER ? fixed.length : firstWhere(0, fixed.length, (at) => calls[latest[at]] > returns[i])
    if (before < firstOfSlot(slot[i])) return violated([latest[before], i])
    placed.push({ before, operation: i })
  }
  placed.sort(ticking((a, b) => a.before - b.before || calls[a.operation] - calls[b.operation], budget))
  const order = new Int32Array(fixed.length + placed.length)
  let next = 0
  let count = 0
  for (let at = 0; at <= fixed.length; at++) {
    while (next < placed.length && placed[next].before === at) order[count++] = placed[next++].operation
    if (at < fixed.length) order[count++] = fixed[at]
  }
  return { result: 'met', order }
}

/** Sorts operations by the moments at which they take effect. A moment may lie between two event positions. */
export function orderByMoment(
  moments: readonly { readonly at: number; readonly operation: number }[],
  budget: Budget,
): Int32Array {
  const sorted = moments.toSorted(ticking((a, b) => a.at - b.at, budget))
  const order = new Int32Array(sorted.length)
  for (let at = 0; at < order.length; at++) order[at] = sorted[at].operation
  return order
}
