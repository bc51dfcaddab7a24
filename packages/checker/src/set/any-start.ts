import type { Budget } from '../limits/budget.ts'
import type { AnyStart, Guesses } from '../object/model/any-start.ts'
import { jsonOf, type Part } from '../object/model/part.ts'
import { READ } from './operations.ts'
import { setFrom } from './set.ts'

/**
 * Guesses the initial set: the elements that all reads returned. For a set that only grows, no other guess is needed,
 * so `isComplete` is true. For other sets, `isComplete` is not used: it matters only if the fast method (see `fast` in
 * `set.ts`) refutes the guess, and this method does not apply to them.
 */
function guesses(part: Part, budget: Budget): Guesses {
  let common: Set<number> | undefined
  for (let i = 0; i < part.length; i++) {
    budget.tick()
    if (part.f[i] !== READ) continue
    const read = part.contents(part.row[i])
    if (common === undefined) common = new Set(read)
    else if (common.size > 0) {
      const seen = new Set(read)
      for (const each of common) if (!seen.has(each)) common.delete(each)
    }
  }
  return { starts: [Array.from(common ?? [], (id) => jsonOf(part, id))], isComplete: true }
}

export const setFromAny: AnyStart = {
  specification: setFrom({ isKnown: false, present: [], absent: [] }),
  guesses,
}
