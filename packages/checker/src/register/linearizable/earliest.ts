import { compact, type Encoded, prefix } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { decideInLinearTime } from './distinct/linear-time.ts'

/**
 * The first return event at which the zones conflict. Prefixes of a linearizable history are linearizable, so bisection
 * finds it.
 *
 * @throws OutOfTime
 */
export function earliestViolation(part: Encoded, budget: Budget): number {
  let low = 0
  let high = 2 * part.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (decideInLinearTime(compact(prefix(part, middle, budget), budget), budget).result === 'violated') high = middle
    else low = middle + 1
  }
  return low
}
