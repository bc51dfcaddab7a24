import { type Event, UserError } from '@chaosproxy/history'
import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { performRun, planRun, type RunOutcome, type RunSpec } from '@chaosproxy/runner'
import type { Listening } from '@chaosproxy/runner/result'
import { simulatedTarget } from '@chaosproxy/simulator'
import { registries } from './registries.ts'

/** A run of the user's own protocol, for another thread. */
export interface SimulateSpec {
  readonly spec: RunSpec
  /** Which messages between nodes to record as well. */
  readonly listening?: Listening | undefined
}

export interface Simulated {
  readonly events: readonly Event[]
  /** Absent if the run did not finish. */
  readonly outcome?: RunOutcome | undefined
  /** Why it did not finish: a message for the user. */
  readonly failure?: string | undefined
}

const LOOK_EVERY_MS = 20

/**
 * Performs the run until `isInterrupted`. `protocol` is the one that the spec names, wrapped so that its progress is
 * watched.
 */
export async function simulateSpec(
  { spec, listening }: SimulateSpec,
  protocol: ProtocolDefinition,
  isInterrupted: () => boolean,
): Promise<Simulated> {
  const events: Event[] = []
  const interrupting = new AbortController()
  const timer = setInterval(() => isInterrupted() && interrupting.abort(), LOOK_EVERY_MS)
  try {
    const target = async () => simulatedTarget(protocol, true)
    const run = await planRun(spec, { ...registries, target }, spec.target.name)
    const sink = { append: (event: Event) => void events.push(event) }
    const outcome = await performRun(run, {
      sink,
      dataDir: '',
      logDir: '',
      listening,
      interrupted: interrupting.signal,
    })
    return { events, outcome }
  } catch (error) {
    if (error instanceof UserError && error.code === 'environment') return { events, failure: error.message }
    throw error
  } finally {
    clearInterval(timer)
  }
}
