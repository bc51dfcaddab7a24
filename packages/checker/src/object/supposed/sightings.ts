import { NEVER } from '../../encoding/encoded.ts'
import type { Budget } from '../../limits/budget.ts'
import type { Weights } from '../model/machine.ts'
import { eventsInOrder, type Part } from '../model/part.ts'

/** A completed read of all amounts, with the operations that may have changed its sum. */
export interface Sighting {
  /** The index of the read in `Known.part`. */
  readonly read: number
  readonly call: number
  readonly return: number
  /**
   * The sum that the read returned, minus the initial amounts and all additions that returned before the read was
   * called.
   */
  readonly excess: number
  readonly returnedBefore: number
  /** The completed operations that overlap the read. The read may or may not include each of them. */
  readonly overlapping: readonly Addition[]
}

export interface Addition {
  /** The index of the operation in `Known.part`. */
  readonly operation: number
  readonly call: number
  readonly return: number
  readonly adds: number
}

/**
 * Operations of unknown outcome. `at` is the index of the first sighting (a completed read of all amounts) whose sum
 * includes the operation.
 */
export type Since = readonly (readonly [operation: Addition, at: number])[]

/** The maximum number of overlapping operations. With more, too many subsets are possible. */
const MOST_OVERLAPPING = 12

/**
 * A part of a history, with the numbers (`code`) and the weights of its operations. Both are from the part's `Machine`.
 */
export interface Known {
  readonly part: Part
  readonly code: Int32Array
  readonly weights: Weights
  readonly isRead: (number: number) => boolean
}

/**
 * Returns a `Sighting` for each completed read whose sum is known, in order of return. Omits reads that overlap more
 * than `MOST_OVERLAPPING` other operations.
 */
export function sightingsOf({ part, code, weights, isRead }: Known, budget: Budget): readonly Sighting[] {
  const sightings: Sighting[] = []
  const openReads = new Map<number, Sighting & { readonly overlapping: Addition[] }>()
  const openOthers = new Map<number, Addition>()
  let sum = weights.initial
  let returnedBefore = 0
  for (const event of eventsInOrder(part, budget)) {
    budget.tick()
    const i = event >> 1
    if (part.returns[i] === NEVER) continue
    const isCall = (event & 1) === 0
    if (isRead(part.f[i])) {
      const total = weights.shows(code[i])
      if (total === undefined) continue
      if (isCall) {
        const overlapping = [...openOthers.values()]
        const [call, until] = [part.calls[i], part.returns[i]]
        openReads.set(i, { read: i, call, return: until, excess: total - sum, returnedBefore, overlapping })
        continue
      }
      const sighting = openReads.get(i)
      openReads.delete(i)
      if (sighting !== undefined && sighting.overlapping.length <= MOST_OVERLAPPING) sightings.push(sighting)
    } else if (isCall) {
      const addition = { operation: i, call: part.calls[i], return: part.returns[i], adds: weights.adds(code[i]) }
      openOthers.set(i, addition)
      for (const { overlapping } of openReads.values()) overlapping.push(addition)
    } else {
      sum += openOthers.get(i)?.adds ?? 0
      returnedBefore++
      openOthers.delete(i)
    }
  }
  return sightings
}

export function unknownOf({ part, code, weights, isRead }: Known): readonly Addition[] {
  const unknown: Addition[] = []
  for (let i = 0; i < part.length; i++) {
    if (part.returns[i] !== NEVER || isRead(part.f[i])) continue
    unknown.push({ operation: i, call: part.calls[i], return: NEVER, adds: weights.adds(code[i]) })
  }
  return unknown
}
