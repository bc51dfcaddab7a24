import type { NodeId } from '@chaosproxy/faults'
import { type Event, type History, historyFromEvents, type Input, millis, type Nanos, nanos } from '@chaosproxy/history'
import type { AnyMachine } from '@chaosproxy/protocols'
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
import type { Workload } from '@chaosproxy/workloads'

const CHECK_MEMORY_BYTES = 256 * 2 ** 20

export const limitsFor = (invariants: boolean): TrialLimits => ({
  memoryBytes: CHECK_MEMORY_BYTES,
  now: () => millis(performance.now()),
  invariants,
})

/** The result of a simulated scenario, for other threads. */
export interface SimulatedPlay {
  readonly events: readonly Event[]
  readonly failure: Failure | undefined
  readonly records: readonly FaultRecord[]
  readonly trouble: readonly string[]
  readonly log: readonly LogLine[]
  readonly heard?: Heard | undefined
  readonly ran?: CodeRun | undefined
  readonly states?: readonly NodeState[] | undefined
}

/** Plays a scenario in the simulator. Also records, at each moment, what each node would answer to `reads`. */
export function playWatched(
  subject: SearchedProtocol,
  scenario: Scenario,
  limits: TrialLimits,
  reads: readonly Input[],
): SimulatedPlay {
  const watch = createNodeStateWatch(machineOf(subject, scenario.targetSettings), reads)
  return { ...playSimulated(subject, scenario, { ...limits, observe: watch.observe }), states: watch.states() }
}

export function playSimulated(subject: SearchedProtocol, scenario: Scenario, limits: TrialLimits): SimulatedPlay {
  const log: LogLine[] = []
  const { events, failure, played, heard } = runScenario(subject, scenario, {
    ...limits,
    log: (line) => log.push(line),
  })
  const { records = [], trouble = [] } = played ?? {}
  return { events, failure, records, trouble, log, heard }
}

export interface PlayedScenario {
  readonly level: string
  readonly workload: Workload
  readonly scenario: Scenario
  readonly history: History
  readonly events: readonly Event[]
  readonly records: readonly FaultRecord[]
  readonly trouble: readonly string[]
  readonly log: readonly LogLine[]
  /**
   * The failure that occurred while the scenario was played. If undefined, the history must be checked for failures.
   */
  readonly failure: Failure | undefined
  /** The lines of code that the program ran, if they were recorded. */
  readonly ran?: CodeRun | undefined
  /** The failure that is reported if the history itself shows no failure. */
  readonly otherwise?: Failure | undefined
}

export const playedScenario = (
  { level, workload }: Pick<SearchedProtocol, 'level' | 'workload'>,
  scenario: Scenario,
  play: SimulatedPlay,
): PlayedScenario => ({ ...play, level, workload, scenario, history: historyFromEvents(play.events) })

/** Watches the role, the term and the data of each node. */
interface NodeStateWatch {
  observe(node: NodeId, now: () => Nanos): (state: unknown) => void
  /** Returns all changes of the nodes, sorted by time. */
  states(): readonly NodeState[]
}

function createNodeStateWatch(machine: AnyMachine, reads: readonly Input[]): NodeStateWatch {
  const states: NodeState[] = []

  function stateOf(node: NodeId, state: unknown, at: Nanos): NodeState {
    const { role, term, alone } = machine.status(state)
    const copies = reads.flatMap((read) => {
      const value = machine.holds?.(state, read)
      return value === undefined ? [] : [{ key: read.key, value }]
    })
    return { at, node, role, alone: alone || undefined, term, copies }
  }

  function observe(node: NodeId, now: () => Nanos): (state: unknown) => void {
    let latest = ''
    return (state) => {
      // Elections before the scenario get the time 0.
      const seen = stateOf(node, state, nanos(Math.max(0, now())))
      const text = JSON.stringify({ ...seen, at: 0 })
      if (text === latest) return
      latest = text
      states.push(seen)
    }
  }

  return { observe, states: () => states }
}
