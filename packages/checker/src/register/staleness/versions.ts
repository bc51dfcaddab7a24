import { type Encoded, NEVER, NOTHING, READ } from '../../encoding/encoded.ts'
import type { Bounds } from '../../judge/staleness.ts'
import type { Budget } from '../../limits/budget.ts'
import { zones } from '../linearizable/distinct/zones.ts'
import type { Clusters } from './clusters.ts'
import { isTwoAtomic } from './two-atomic.ts'

/**
 * Bounds the least k for which the history of one key is k-atomic. A history is k-atomic if there is an order that
 * respects real time, in which every read returns one of the last k values written before it. The order contains all
 * completed operations, and may contain operations of unknown outcome. The initial value counts as the first written
 * value (Golab, Li & Shah, PODC 2011; after Aiyer, Alvisi & Bazzi, DISC 2005).
 *
 * The result is exact for k = 1, which is linearizability, for k = 2 (see `isTwoAtomic`), and if the two bounds are
 * equal. The lower bound is the number of writes that every order places between a write and a read of its value. The
 * upper bound comes from two orders of the writes that respect real time: by call, and by the earliest return that
 * proves that the value was written (see `Clusters.first`).
 *
 * Expects a compact history, distinct values, no cas, and no read of a value that had not been written.
 *
 * @throws OutOfTime
 */
export function leastVersions(part: Encoded, clusters: Clusters, mostBehind: number, budget: Budget): Bounds {
  if (zones(part, budget).result === 'met') return { atLeast: 1, atMost: 1 }
  if (mostBehind < 2 && isTwoAtomic(part, clusters, budget)) return { atLeast: 2, atMost: 2 }
  const { length, writes } = part
  const byCall: number[] = []
  // By event position: the write whose value this return is the first to prove (see `Clusters.first`). -1 for all other
  // events. Without a cas, a return is the first proof of at most one value.
  const firstAt = new Int32Array(2 * length).fill(-1)
  for (let i = 0; i < length; i++) {
    if (writes[i] === NOTHING) continue
    budget.tick()
    const first = clusters.first[writes[i]]
    // An unread write of unknown outcome can come last or be left out.
    if (first === NEVER) continue
    byCall.push(i)
    firstAt[first] = i
  }
  const byFirst = firstAt.filter((write) => write !== -1)
  const most = Math.min(versionsOf(part, byCall, budget), versionsOf(part, byFirst, budget))
  return { atLeast: Math.max(3, mostBehind + 1), atMost: most }
}

/**
 * Returns the least k for which an order of the writes explains the reads. Each read is placed as early as possible:
 * after the write of its value, and after everything that returned before its call. Everything called after the read's
 * return then follows the read, because the order of writes respects real time.
 */
function versionsOf(part: Encoded, order: readonly number[] | Int32Array, budget: Budget): number {
  const { length, kind, expects, writes, calls, returns, values } = part
  // The initial value is version 0, and the first write in the order is version 1.
  const version = new Int32Array(values)
  for (const [i, write] of order.entries()) version[writes[write]] = i + 1
  const events = new Int32Array(2 * length)
  for (let i = 0; i < length; i++) {
    events[calls[i]] = i + 1
    if (returns[i] !== NEVER) events[returns[i]] = -(i + 1)
  }
  const place = new Int32Array(length)
  let reached = 0
  let most = 0
  for (const event of events) {
    budget.tick()
    if (event > 0) {
      const i = event - 1
      if (kind[i] !== READ) place[i] = version[writes[i]]
      else {
        place[i] = Math.max(reached, version[expects[i]])
        most = Math.max(most, place[i] - version[expects[i]])
      }
    } else if (event < 0) reached = Math.max(reached, place[-event - 1])
  }
  return most + 1
}
