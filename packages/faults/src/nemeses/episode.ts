import type { FaultPlan } from '../schedule/schedule.ts'

/** What a nemesis does at a time: one fault as a rule, sometimes several that belong together. */
export interface Episode {
  readonly parts: readonly EpisodePart[]
  /** How long it takes, in lengths of an ordinary fault. */
  readonly lengths: number
}

export interface EpisodePart {
  /** Shares of the episode, from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

/** An episode of one fault, from its first moment to its last. */
export const just = (plan: FaultPlan): Episode => ({ parts: [{ from: 0, to: 1, plan }], lengths: 1 })
