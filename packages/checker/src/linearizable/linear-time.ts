import type { Json } from '@chaos/history'
import type { Encoded } from '../encoded.ts'
import { appendZones } from './append-zones.ts'
import { type ZonesAnswer, zones } from './zones.ts'

/** Decides one key in linear time, where what was written is distinct. Expects a compact history (see `compact`). */
export const decideInLinearTime = (part: Encoded, jsonOf: (name: number) => Json): ZonesAnswer =>
  part.hasAppend ? appendZones(part, jsonOf) : zones(part)
