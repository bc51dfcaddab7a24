import { type Event, UserError } from '@chaosproxy/history'
import type { ProtocolDefinition } from '@chaosproxy/protocols'
import { performRun, planRun } from '@chaosproxy/runner'
import { simulatedTarget } from '@chaosproxy/simulator'
import type { Simulated, SimulateSpec } from '../jobs/simulated-run.ts'
import { registries } from './registries.ts'

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
