import { UserError } from '@chaosproxy/history'
import { type PerformOptions, type PlannedRun, performRun, type RunOutcome } from '@chaosproxy/runner'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isUserFile } from '@chaosproxy/targets/named'

/** Performs a run any number of times. */
export interface Performer {
  perform(run: PlannedRun, options: PerformOptions): Promise<RunOutcome | undefined>
  end(): Promise<void>
}

/**
 * Performs runs on this thread or, for a simulated protocol of the user's own, on another, because a step of such a
 * protocol may never return. All runs share that thread, so state that the protocol keeps outside its own carries over
 * to the next run.
 */
export async function performerFor({ spec }: PlannedRun, interrupted: AbortSignal): Promise<Performer> {
  const { name } = spec.target
  if (!name.startsWith(SIMULATED) || !isUserFile(name)) return { perform: performRun, end: async () => {} }
  const [{ createSearchPool }, { simulateJob }, { supervise }] = await Promise.all([
    import('../search/pool.ts'),
    import('../search/jobs.ts'),
    import('../search/supervise.ts'),
  ])
  const pool = createSearchPool(1)
  return {
    async perform(run, { sink, begun, listening }) {
      const end = await supervise(pool, simulateJob, { spec: run.spec, listening }, { stop: interrupted })
      if (end.type === 'abandoned') return undefined
      if (end.type === 'stuck') throw brokenError(run.target.name.slice(SIMULATED.length), end.what, end.trace)
      if (end.value.events.length > 0) begun?.()
      for (const event of end.value.events) sink.append(event)
      if (end.value.failure !== undefined) throw new UserError('environment', end.value.failure)
      return end.value.outcome
    },
    end: () => pool.close(),
  }
}

const brokenError = (name: string, what: string, trace: readonly string[]): UserError =>
  new UserError('environment', [`${name} does not work: ${what}`, ...trace.map((frame) => `    ${frame}`)].join('\n'))
