import type { Encoded } from '../../encoding/encoded.ts'

/** Operations decided in linear time between two checks of the clock, and the fixed cost of a part in operations. */
export const OPERATIONS_PER_LOOK = 16_384
const OPERATIONS_FOR_A_PART = 64

/** Returns whether a clock check is due, counting parts. */
export function createDue(): (part: Encoded) => boolean {
  let sinceLook = 0
  return ({ length }) => {
    sinceLook += length + OPERATIONS_FOR_A_PART
    if (sinceLook < OPERATIONS_PER_LOOK) return false
    sinceLook = 0
    return true
  }
}
