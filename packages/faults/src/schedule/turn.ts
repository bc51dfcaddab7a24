import type { FaultPlan } from './schedule.ts'

/** One turn of a nemesis: one fault as a rule, sometimes several that belong together. */
export interface Turn {
  readonly stages: readonly Stage[]
  /** How long it takes, in lengths of an ordinary fault. */
  readonly lengths: number
}

export interface Stage {
  /** Shares of the turn, from 0 to 1. */
  readonly from: number
  readonly to: number
  readonly plan: FaultPlan
}

/** A turn of one fault, from its first moment to its last. */
export const just = (plan: FaultPlan): Turn => ({ stages: [{ from: 0, to: 1, plan }], lengths: 1 })
