import type { ClockReadings, History } from '@chaosproxy/history'
import { endsOf } from './intervals.ts'

/**
 * The number of ordered pairs of operations on one object, timed by different clocks, of which nobody can tell whether
 * the first had returned before the second was called.
 */
export function openOrders(clocks: ClockReadings, { operations }: History): number {
  const { length, key, callLine } = operations
  const ends = endsOf(clocks, operations)
  const groups = new Map<number, Map<number, number[]>>()
  for (let row = 0; row < length; row++) {
    const clock = clocks.clock[callLine[row]] ?? -1
    const ofKey = groups.get(key[row]) ?? new Map<number, number[]>()
    groups.set(key[row], ofKey)
    const rows = ofKey.get(clock)
    if (rows === undefined) ofKey.set(clock, [row])
    else rows.push(row)
  }
  let open = 0
  for (const ofKey of groups.values())
    for (const [first, before] of ofKey)
      for (const [second, after] of ofKey) {
        if (first === second) continue
        // Pairs of which the first may have returned before the second was called, without those of which it has.
        open += ordered(before, after, ends.earliestReturn, ends.latestCall)
        open -= ordered(before, after, ends.latestReturn, ends.earliestCall)
      }
  return open
}

/** The number of pairs of which the first returned before the second was called. */
function ordered(
  before: readonly number[],
  after: readonly number[],
  returned: Float64Array,
  called: Float64Array,
): number {
  const returns = Float64Array.from(before, (row) => returned[row]).sort()
  const calls = Float64Array.from(after, (row) => called[row]).sort()
  let count = 0
  let gone = 0
  for (const call of calls) {
    while (gone < returns.length && returns[gone] < call) gone++
    count += gone
  }
  return count
}
