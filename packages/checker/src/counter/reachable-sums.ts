import type { Budget } from '../limits/budget.ts'
import { decimal, LARGEST_FRACTION } from '../object/model/decimal.ts'
import { firstWhere } from '../search/halving.ts'

/** An addition to a counter, by event positions; `returns` is NEVER if its outcome is unknown. */
export interface Addition {
  readonly amount: number
  readonly calls: number
  readonly returns: number
}

/** The maximum number of sums that are enumerated. */
const MOST_SUMS = 100_000

/**
 * Returns a function that finds the possible results of a read of a counter. Each result includes every addition that
 * returned before the read was called. It may include any addition that was called before the read returned. The
 * function returns undefined if there are too many results, or if they are not exact.
 *
 * @throws OutOfTime
 */
export function createReachable(
  additions: readonly Addition[],
  start: number,
  budget: Budget,
): (calls: number, returns: number) => ReadonlySet<number> | undefined {
  const called = Float64Array.from(additions, ({ calls }) => calls).sort()
  const returned = Float64Array.from(additions, ({ returns }) => returns).sort()
  // Most final reads come after the same additions, so the sums for a set of additions are kept.
  const known = new Map<string, ReadonlySet<number> | undefined>()
  return (calls, returns) => {
    const done = firstWhere(0, returned.length, (at) => returned[at] >= calls)
    const name = `${done} ${firstWhere(0, called.length, (at) => called[at] >= returns)}`
    if (!known.has(name)) known.set(name, sumsBetween(additions, { start, calls, returns }, budget))
    return known.get(name)
  }
}

function sumsBetween(
  additions: readonly Addition[],
  read: { readonly start: number; readonly calls: number; readonly returns: number },
  budget: Budget,
): ReadonlySet<number> | undefined {
  let sure = read.start
  const open = new Map<number, number>()
  for (const { amount, calls, returns } of additions) {
    budget.tick()
    if (calls > read.returns || amount === 0) continue
    if (returns < read.calls) sure = decimal(sure + amount)
    else open.set(amount, (open.get(amount) ?? 0) + 1)
  }
  if (!isExact(sure)) return undefined
  const sums = new Set([sure])
  for (const [amount, count] of open) if (!addUpTo(sums, amount, count, budget)) return undefined
  return sums
}

/**
 * Adds 1 to `count` times `amount` to each member of `sums`, and adds the results to `sums`. Returns false if there are
 * too many sums, or if a sum is not exact.
 */
function addUpTo(sums: Set<number>, amount: number, count: number, budget: Budget): boolean {
  let latest = [...sums]
  for (let times = 0; times < count && latest.length > 0; times++) {
    const next: number[] = []
    for (const each of latest) {
      budget.tick()
      const sum = decimal(each + amount)
      // If `sums` already contains the sum, the sum was reached with at most as many additions of `amount`, so it needs
      // no second visit.
      if (sums.has(sum)) continue
      if (!isExact(sum) || sums.size === MOST_SUMS) return false
      sums.add(sum)
      next.push(sum)
    }
    latest = next
  }
  return true
}

const isExact = (sum: number): boolean =>
  Number.isInteger(sum) ? Number.isSafeInteger(sum) : Math.abs(sum) <= LARGEST_FRACTION
