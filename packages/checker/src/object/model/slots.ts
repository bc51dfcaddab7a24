import { NEVER } from '../../encoding/encoded.ts'
import { type Budget, ticking, unlimited } from '../../limits/budget.ts'
import { firstWhere } from '../../search/halving.ts'
import type { Part } from './part.ts'

/** The answer of a polynomial condition: an order of the operations, or a few of them that have none. */
export type FastAnswer =
  | { readonly result: 'met'; readonly order: Int32Array }
  /** Indices of the operations in the contradiction; empty if unknown. */
  | { readonly result: 'violated'; readonly conflict: readonly number[] }
  | { readonly result: 'not applicable' }

export const NOT_APPLICABLE: FastAnswer = { result: 'not applicable' }

/** The operation is left out: it need not have happened. */
export const LEFT_OUT = -1

/**
 * For observations that fix the order up to groups ("slots") of commuting operations: whether that order respects real
 * time, and an order that does. A `loose` operation may come at any time after everything in earlier slots.
 *
 * Sound and complete: an operation of a later slot that returned before one of an earlier slot was called is a
 * contradiction. If there is none, sorting by slot and then by call respects every precedence, since within a slot an
 * earlier return means an earlier call.
 */
export function orderBySlots(part: Part, slot: Int32Array, loose: Uint8Array, budget: Budget = unlimited): FastAnswer {
  const { length, calls, returns } = part
  const fixed: number[] = []
  const free: number[] = []
  for (let i = 0; i < length; i++) {
    if (slot[i] === LEFT_OUT) continue
    if (loose[i] === 0) fixed.push(i)
    else free.push(i)
  }
  fixed.sort(ticking((a, b) => slot[a] - slot[b] || calls[a] - calls[b], budget))
  // By index in `fixed`: the operation called last up to there.
  const latest = new Int32Array(fixed.length)
  for (let at = 0; at < fixed.length; at++) {
    const i = fixed[at]
    latest[at] = at === 0 || calls[i] > calls[latest[at - 1]] ? i : latest[at - 1]
    // Within a slot calls ascend, so only an operation of an earlier slot can have been called after this one's return.
    if (returns[i] < calls[latest[at]]) return { result: 'violated', conflict: [latest[at], i] }
  }
  const firstOfSlot = (wanted: number): number => firstWhere(0, fixed.length, (at) => slot[fixed[at]] >= wanted)
  const placed: { readonly before: number; readonly operation: number }[] = []
  for (const i of free) {
    budget.tick()
    // As late as real time allows: before the first operation called after its return.
    const before =
      returns[i] === NEVER ? fixed.length : firstWhere(0, fixed.length, (at) => calls[latest[at]] > returns[i])
    if (before < firstOfSlot(slot[i])) return { result: 'violated', conflict: [latest[before], i] }
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

/** Sorts operations by the moment (an event position, possibly between two) at which each takes effect. */
export function orderByMoment(
  moments: readonly { readonly at: number; readonly operation: number }[],
  budget: Budget,
): Int32Array {
  const sorted = moments.toSorted(ticking((a, b) => a.at - b.at, budget))
  const order = new Int32Array(sorted.length)
  for (let at = 0; at < order.length; at++) order[at] = sorted[at].operation
  return order
}
