import { type Event, type Input, millis } from '@chaosproxy/history'
import type { CodeRun } from '@chaosproxy/report'
import type { Scenario } from '@chaosproxy/runner'
import type { FaultRecord, Heard, NodeState } from '@chaosproxy/runner/result'
import {
  type Failure,
  type LogLine,
  machineOf,
  runScenario,
  type SearchedProtocol,
  type TrialLimits,
} from '@chaosproxy/simulator'
import { createNodeStateWatch } from './node-states.ts'

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
  /** What a program ran, where it was followed. */
  readonly ran?: CodeRun | undefined
  /** What nodes believed, where a watch was asked for. */
  readonly states?: readonly NodeState[] | undefined
}

/** The same, watching what nodes answer to these reads in their own copies. */
export function playWatched(
  subject: SearchedProtocol,
  scenario: Scenario,
  limits: TrialLimits,
  reads: readonly Input[],
): SimulatedPlay {
  const watch = createNodeStateWatch(machineOf(subject, scenario.knobs), reads)
  return { ...playSimulated(subject, scenario, { ...limits, observe: watch.observe }), states: watch.states() }
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
