import { type Event, environmentError } from '@chaosproxy/history'
import { inMemory, type PlannedRun, performRun, type RunOutcome, type UnjudgedRunOptions } from '@chaosproxy/runner'
import type { Listening } from '@chaosproxy/runner/result'
import { SIMULATED } from '@chaosproxy/simulator/target'
import { isUserFile } from '@chaosproxy/targets/named'
import type { Simulated } from '../worlds/simulated-run.ts'

/** Performs a run on this thread or on another one, and can repeat a simulated run. */
export interface Performer {
  /** Performs runs on another thread; absent if this thread does. */
  readonly elsewhere?: UnjudgedRunOptions['elsewhere']
  /** Repeats a simulated run, unless interrupted. */
  again(
    run: PlannedRun,
    options: Pick<UnjudgedRunOptions, 'interrupted' | 'listening'>,
  ): Promise<PerformedAgain | undefined>
  end(): Promise<void>
}

interface PerformedAgain {
  readonly events: readonly Event[]
  readonly outcome: RunOutcome | undefined
}

/**
 * Returns a performer of runs on this thread. A user's own simulated protocol gets another thread, because it may never
 * return. That thread keeps the protocol's module variables between runs.
 */
export async function performerFor({ spec }: PlannedRun, interrupted: AbortSignal): Promise<Performer> {
  const { name } = spec.target
  if (!name.startsWith(SIMULATED) || !isUserFile(name)) return { again: againHere, end: async () => {} }
  const [{ createSearchPool }, { simulateJob }, { supervise }] = await Promise.all([
    import('../search/pool.ts'),
    import('../search/jobs.ts'),
    import('../search/supervise.ts'),
  ])
  const pool = createSearchPool(1)
  async function simulated(run: PlannedRun, listening?: Listening): Promise<Simulated | undefined> {
    const end = await supervise(pool, simulateJob, { spec: run.spec, listening }, { stop: interrupted })
    if (end.type === 'abandoned') return undefined
    if (end.type === 'stuck')
      throw environmentError(
        [
          `${run.target.name.slice(SIMULATED.length)} does not work: ${end.what}`,
          ...end.trace.map((frame) => `    ${frame}`),
        ].join('\n'),
      )
    return end.value
  }
  return {
    async elsewhere(run, { sink, begun }) {
      const performed = await simulated(run)
      if (performed === undefined) return undefined
      if (performed.events.length > 0) begun()
      for (const event of performed.events) sink.append(event)
      return outcomeOf(performed)
    },
    async again(run, { listening }) {
      const performed = await simulated(run, listening)
      return performed && { events: performed.events, outcome: outcomeOf(performed) }
    },
    end: () => pool.close(),
  }
}

const againHere: Performer['again'] = async (run, options) => {
  const events: Event[] = []
  const outcome = await performRun(run.spec, { ...options, plan: async () => run, store: inMemory(events) })
  return { events, outcome }
}

function outcomeOf({ outcome, failure }: Simulated): RunOutcome | undefined {
  if (failure !== undefined) throw environmentError(failure)
  return outcome
}
