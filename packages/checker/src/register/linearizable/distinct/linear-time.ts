import { compact, type Encoded, prefix } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import { firstWhere } from '../../../search/halving.ts'
import { overconsumed } from '../../counting/consumption.ts'
import { appendZones } from './append-zones.ts'
import { chainZones } from './chain-zones.ts'
import { type ZonesAnswer, zones } from './zones.ts'

/**
 * Decides one key in linear time if its written values are distinct. If they are not, only finds values that
 * compare-and-sets removed too often (see `overconsumed`). Expects a compact history (see `compact`).
 *
 * @throws OutOfTime
 */
export function decideInLinearTime(part: Encoded, budget: Budget): ZonesAnswer {
  if (part.hasAppend) return appendZones(part, budget)
  if (!part.hasConditional) return zones(part, budget)
  const answer = chainZones(part, budget)
  const conflict = answer.result === 'not applicable' ? overconsumed(part, budget) : undefined
  return conflict === undefined ? answer : { result: 'violated', conflicts: [conflict.map((i) => part.calls[i])] }
}

/**
 * Returns the first return at which the zones conflict, by bisection: prefixes of linearizable histories are
 * linearizable.
 *
 * @throws OutOfTime
 */
export function earliestViolation(part: Encoded, budget: Budget): number {
  const isViolatedBy = (position: number): boolean =>
    decideInLinearTime(compact(prefix(part, position, budget), budget), budget).result === 'violated'
  return firstWhere(0, 2 * part.length, isViolatedBy)
}
