import { type StandingHarm, stages } from './registry.ts'
import type { Stage, StageContext } from './stage.ts'

/** A fault's stage in one direction of one connection. An update may change its parameters, but never its kind. */
export const createStage = (kind: StandingHarm['kind'], context: StageContext): Stage =>
  // The table pairs each kind with the stage of that kind, which the compiler cannot follow through the lookup.
  (stages[kind] as (context: StageContext) => Stage)(context)
