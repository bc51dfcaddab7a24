import type { FaultPlan } from '../schedule/schedule.ts'

/** One turn of a nemesis: usually one fault, sometimes several that belong together. */
export interface Episode {
  readonly parts: readonly EpisodePart[]
  /** Its duration, as a multiple of an ordinary fault's. */
  readonly lengths: number
}

export interface EpisodePart {
  /** The start and the end as shares of the episode, from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

/** An episode of a single fault, for its whole duration. */
export const just = (plan: FaultPlan): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })
