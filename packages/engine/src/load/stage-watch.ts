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
  const waiting = new Set<() => void>()
  const has = (wanted: Stage): boolean => stages.indexOf(stage) >= stages.indexOf(wanted)
  const changed = (): void => {
    for (const look of waiting) look()
  }
  const reached = (wanted: Stage): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (failure === undefined && !has(wanted)) return
        waiting.delete(look)
        if (failure === undefined) resolve()
        else reject(failure)
      }
      waiting.add(look)
      look()
    })
  return {
    heard(next) {
      if (!has(next)) stage = next
      changed()
    },
    is: (asked) => stage === asked,
    giveUp(error) {
      failure ??= error
      changed()
    },
    reached,
    unlessEnded: (done) => Promise.race([done, reached('end')]),
  }
}
