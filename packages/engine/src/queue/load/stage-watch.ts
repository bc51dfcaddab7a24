import { createCondition } from '../../jobs/condition.ts'
import { type Stage, stages } from './messages.ts'

/** Tracks the run's stage, as the coordinator reports it. */
export interface StageWatch {
  heard(stage: Stage): void
  /** Returns whether this is the latest stage from the coordinator. */
  is(stage: Stage): boolean
  /** Makes all current and future waits reject. */
  giveUp(error: Error): void
  /** Resolves once the run has reached this stage or a later one. */
  reached(stage: Stage): Promise<void>
  /** Resolves once `done` resolves or the run ends. */
  unlessEnded(done: Promise<void>): Promise<void>
}

export function watchStages(): StageWatch {
  let stage: Stage = 'wait'
  let failure: Error | undefined
  const condition = createCondition()
  const has = (wanted: Stage) => stages.indexOf(stage) >= stages.indexOf(wanted)
  const reached = (wanted: Stage) =>
    condition.until(() => {
      if (failure !== undefined) throw failure
      return has(wanted)
    })
  return {
    heard(next) {
      if (!has(next)) stage = next
      condition.changed()
    },
    is: (wanted) => stage === wanted,
    giveUp(error) {
      failure ??= error
      condition.changed()
    },
    reached,
    unlessEnded: (done) => Promise.race([done, reached('end')]),
  }
}
