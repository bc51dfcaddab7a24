import { type Budget, inTime } from '../budget.ts'

/**
 * Delta debugging (Zeller & Hildebrandt 2002): the smallest set it can find, by leaving out ever smaller chunks, that still
 * passes `keeps`; irreducible by single elements when it ran to the end, which it may not where `keeps` throws `OutOfTime`.
 * The set given must pass already.
 */
export function shrink<Element>(
  elements: readonly Element[],
  keeps: (subset: readonly Element[]) => boolean,
  budget: Budget,
): readonly Element[] {
  let current = elements
  let chunk = Math.ceil(current.length / 2)
  while (chunk >= 1 && current.length > 0) {
    let removed = false
    // From the front: what happened first is the least likely to matter.
    for (let start = 0; start < current.length; ) {
      if (budget.expired()) return current
      const without = [...current.slice(0, start), ...current.slice(start + chunk)]
      if (
        without.length < current.length &&
        inTime(
          () => keeps(without),
          () => false,
        )
      ) {
        current = without
        removed = true
      } else {
        start += chunk
      }
    }
    if (chunk === 1 && !removed) break
    chunk = chunk === 1 ? 1 : Math.ceil(chunk / 2)
  }
  return current
}
