import type { Encoded } from '../../../encoding/encoded.ts'
import type { Budget } from '../../../limits/budget.ts'
import { appendZones } from './append-zones.ts'
import { chainZones } from './chain-zones.ts'
import { type ZonesAnswer, zones } from './zones.ts'

/**
 * Decides one key in linear time, if its written values are distinct. Expects a compact history (see `compact`).
 *
 * @throws OutOfTime
 */
export function decideInLinearTime(part: Encoded, budget: Budget): ZonesAnswer {
  if (part.hasAppend) return appendZones(part, budget)
  return part.hasConditional ? chainZones(part, budget) : zones(part, budget)
}
