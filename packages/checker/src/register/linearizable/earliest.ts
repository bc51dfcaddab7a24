import { compact, type Encoded, prefix } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import { firstWhere } from '../../search/halving.ts'
import { decideInLinearTime } from './distinct/linear-time.ts'

/**
 * The first return event at which the zones conflict. Prefixes of a linearizable history are linearizable, so bisection
 * finds it.
 *
 * @throws OutOfTime
 */
export function earliestViolation(part: Encoded, budget: Budget): number {
  const isViolatedBy = (position: number): boolean =>
    decideInLinearTime(compact(prefix(part, position, budget), budget), budget).result === 'violated'
  return firstWhere(0, 2 * part.length, isViolatedBy)
}
