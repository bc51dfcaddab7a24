import { type Event, millis } from '@chaosproxy/history'
import type { Scenario } from '@chaosproxy/runner'
import type { FaultRecord, Heard } from '@chaosproxy/runner/result'
import { type Failure, type LogLine, runScenario, type SearchedProtocol, type TrialLimits } from '@chaosproxy/simulator'

const CHECK_MEMORY_BYTES = 256 * 2 ** 20

export const limitsFor = (invariants: boolean): TrialLimits => ({
  memoryBytes: CHECK_MEMORY_BYTES,
  now: () => millis(performance.now()),
  invariants,
})

/** The result of a scenario in the simulator, in a form that threads can exchange. */
export interface SimulatedPlay {
  readonly events: readonly Event[]
  readonly failure: Failure | undefined
  readonly records: readonly FaultRecord[]
  readonly trouble: readonly string[]
  readonly log: readonly LogLine[]
  /** What was listened for. */
  readonly heard?: Heard | undefined
}

export function playSimulated(subject: SearchedProtocol, scenario: Scenario, limits: TrialLimits): SimulatedPlay {
  const log: LogLine[] = []
  const { events, failure, played, heard } = runScenario(subject, scenario, {
    ...limits,
    log: (line) => log.push(line),
  })
  const { records = [], trouble = [] } = played ?? {}
  return { events, failure, records, trouble, log, ...(heard === undefined ? {} : { heard }) }
}
