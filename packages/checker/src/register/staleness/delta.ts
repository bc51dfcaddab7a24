import type { Operations } from '@chaosproxy/history'
import { type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import { type Budget, ticking } from '../../limits/budget.ts'
import { type Clusters, FROM_THE_START, NO_WRITER } from './clusters.ts'

/**
 * Returns the least Δ, in whole nanoseconds, for which the history of one key is Δ-atomic. A history is Δ-atomic if it
 * is linearizable after the call of every read is moved back in time by Δ (Golab, Li & Shah, "Analyzing consistency
 * properties for fun and profit", PODC 2011). Operations that meet at one instant overlap.
 *
 * The zone of a cluster (a write and the reads of its value) extends from its first return to its latest call. If Δ
 * grows, the first return stays, and the latest call moves back, but not beyond the call of the write. A conflict of
 * two zones that disappears at some Δ therefore does not reappear at a larger Δ. So bisection finds the least Δ without
 * conflicts.
 *
 * Expects distinct values, no cas, and no read of a value that had not been written. Infinite if times contradict the
 * order of events. O(n log n + n log span).
 *
 * @throws OutOfTime
 */
export function leastDelta(part: Encoded, clusters: Clusters, times: Operations, budget: Budget): number {
  const zones = zonesInTime(part, clusters, times, budget)
  if (isAtomic(zones, 0)) return 0
  // If Δ is `high`, all read calls move back to or before the earliest finite `first`. A larger Δ then removes no
  // conflict. So if zones still conflict, no Δ suffices: the times contradict the order of events.
  let low = 0
  let high = Math.ceil(zones.lastReadCall.reduce(greater) - zones.first.filter(Number.isFinite).reduce(less))
  if (!(high > 0) || !isAtomic(zones, high)) return Number.POSITIVE_INFINITY
  while (high - low > 1) {
    budget.look(zones.first.length)
    const middle = Math.floor((low + high) / 2)
    // Ends if no number lies between `low` and `high`. Above 2^53, adjacent doubles differ by more than 1.
    if (middle === low || middle === high) break
    if (isAtomic(zones, middle)) high = middle
    else low = middle
  }
  return high
}

const greater = (a: number, b: number): number => Math.max(a, b)
const less = (a: number, b: number): number => Math.min(a, b)

interface Zones {
  readonly first: Float64Array
  readonly writeCall: Float64Array
  readonly lastReadCall: Float64Array
}

function zonesInTime(part: Encoded, { writer }: Clusters, times: Operations, budget: Budget): Zones {
  const { length, kind, expects, writes, row, returns, values } = part
  const first = new Float64Array(values).fill(Number.POSITIVE_INFINITY)
  const writeCall = new Float64Array(values).fill(Number.NEGATIVE_INFINITY)
  const lastReadCall = new Float64Array(values).fill(Number.NEGATIVE_INFINITY)
  for (let i = 0; i < length; i++) {
    budget.tick()
    const value = kind[i] === READ ? expects[i] : writes[i]
    if (value === NOTHING) continue
    if (returns[i] !== NEVER) first[value] = Math.min(first[value], times.returnTime[row[i]])
    if (kind[i] === READ) lastReadCall[value] = Math.max(lastReadCall[value], times.callTime[row[i]])
    else writeCall[value] = times.callTime[row[i]]
  }
  const kept: number[] = []
  for (let value = 0; value < values; value++) {
    // The zone of the initial value has no beginning. Values that nobody wrote have no zone. Unread values of unknown
    // outcome have no zone either, because their writes can be left out.
    if (writer[value] === FROM_THE_START) first[value] = Number.NEGATIVE_INFINITY
    if (writer[value] !== NO_WRITER && first[value] !== Number.POSITIVE_INFINITY) kept.push(value)
  }
  kept.sort(ticking((a, b) => (first[a] === first[b] ? 0 : first[a] - first[b]), budget))
  const inOrder = (column: Float64Array): Float64Array => Float64Array.from(kept, (value) => column[value])
  return { first: inOrder(first), writeCall: inOrder(writeCall), lastReadCall: inOrder(lastReadCall) }
}

/**
 * Reports whether no two zones conflict. Two zones conflict if each has an operation that returned before the call of
 * an operation of the other. Zones are sorted by first return. It suffices to compare each zone with only one earlier
 * zone, the one that ends last.
 */
function isAtomic({ first, writeCall, lastReadCall }: Zones, delta: number): boolean {
  let furthest = Number.NEGATIVE_INFINITY
  let furthestFirst = Number.NEGATIVE_INFINITY
  for (let z = 0; z < first.length; z++) {
    const last = Math.max(writeCall[z], lastReadCall[z] - delta)
    if (furthest > first[z] && last > furthestFirst) return false
    if (last > furthest) {
      furthest = last
      furthestFirst = first[z]
    }
  }
  return true
}
