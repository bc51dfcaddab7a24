import { type Budget, inTime } from '../limits/budget.ts'

/**
 * Delta debugging (Zeller & Hildebrandt 2002): removes ever smaller chunks while the rest passes `keeps`, until no
 * single element can be removed or `keeps` throws `OutOfTime`. The given set must pass.
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
    // Removes the earliest operations first, because they are the least likely to matter.
    for (let start = 0; start < current.length; ) {
      if (budget.expired(current.length)) return current
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
