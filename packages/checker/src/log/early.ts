import { NEVER } from '../encoding/encoded.ts'
import { range } from '../encoding/lists.ts'
import { type Budget, ticking } from '../limits/budget.ts'
import type { Part } from '../object/model/part.ts'
import { type FastAnswer, LEFT_OUT, violated } from '../object/model/slots.ts'

/**
 * Moves each read that found nothing to the slot directly after the operations that returned before its call. If the
 * read must precede one of these operations, returns the conflict of the two.
 */
export function placeEarly(
  part: Part,
  early: readonly number[],
  slot: Int32Array,
  budget: Budget,
): FastAnswer | undefined {
  if (early.length === 0) return undefined
  const { calls, returns } = part
  const isEarly = new Set(early)
  const returned = range(0, part.length)
    .filter((i) => returns[i] !== NEVER && slot[i] !== LEFT_OUT && !isEarly.has(i))
    .sort(ticking((a, b) => returns[a] - returns[b], budget))
  let next = 0
  let last: number | undefined
  for (const i of early.toSorted(ticking((a, b) => calls[a] - calls[b], budget))) {
    for (; next < returned.length && returns[returned[next]] < calls[i]; next++) {
      budget.tick()
      if (last === undefined || slot[returned[next]] > slot[last]) last = returned[next]
    }
    // An append has an odd slot; the even slot after it lies before the next append.
    const place = last === undefined ? 0 : slot[last] + (slot[last] % 2)
    if (last !== undefined && place > slot[i]) return violated([last, i])
    slot[i] = place
  }
  return undefined
}
