import { createCondition } from '../jobs/condition.ts'
import { type Stage, stages } from './messages.ts'

/** How far the coordinator says that the run is. */
export interface StageWatch {
  heard(stage: Stage): void
  /** Whether that is what it said last. */
  is(stage: Stage): boolean
  /** Everything that waits rejects from now on. */
  giveUp(error: Error): void
  /** Resolves once the run is that far, or further. */
  reached(stage: Stage): Promise<void>
  /** The same for something else, unless the run ends before. */
  unlessEnded(done: Promise<void>): Promise<void>
}

export function watchStages(): StageWatch {
  let stage: Stage = 'wait'
  let failure: Error | undefined
  const condition = createCondition()
  const has = (wanted: Stage): boolean => stages.indexOf(stage) >= stages.indexOf(wanted)
  const reached = (wanted: Stage): Promise<void> =>
    condition.until(() => {
      if (failure !== undefined) throw failure
      return has(wanted)
    })
  return {
    heard(next) {
      if (!has(next)) stage = next
      condition.changed()
    },
    is: (asked) => stage === asked,
    giveUp(error) {
      failure ??= error
      condition.changed()
    },
    reached,
    unlessEnded: (done) => Promise.race([done, reached('end')]),
  }
}
