import { setImmediate } from 'node:timers/promises'
import { check, type Report } from '@chaosproxy/checker'
import { createRandom, nemeses, nodeNames, planSchedule } from '@chaosproxy/faults'
import { type Event, environmentError, type History, historyFromEvents, millis } from '@chaosproxy/history'
import { type ProtocolModule, stickinessOf } from '@chaosproxy/protocols'
import { findVacuity, type RunEvent } from '@chaosproxy/runner'
import {
  aimed,
  beginSimulation,
  clusterOf,
  isForLess,
  longestSettingMs,
  NO_LEVEL,
  type SearchedProtocol,
  type SimulatedCluster,
  type SimulatedRun,
  type Simulation,
} from '@chaosproxy/simulator'
import { settingsFor } from '@chaosproxy/workloads'
import type { ServiceDeclaration } from '../references/services.ts'
import type { Subject } from '../worlds/world.ts'
import { requireSane, type SubjectSettings, subjectFrom } from './given-subject.ts'

/** Settings of one simulated run; every member has a default. */
export interface SimulateSettings extends SubjectSettings {
  /** The seed; 1 by default. */
  readonly seed?: number | undefined
  /** The number of nodes. By default, the protocol or the service determines it. */
  readonly nodes?: number | undefined
  /** The names of faults, as listed by `chaos targets --faults`; none by default. */
  readonly faults?: readonly string[] | undefined
  /** How long clients send requests, in milliseconds of virtual time; 3,000 by default. */
  readonly timeMs?: number | undefined
  /** Operations per second of all clients together; 200 by default. */
  readonly rate?: number | undefined
  /** The number of clients; 10 by default. */
  readonly clients?: number | undefined
  readonly listener?: ((event: SimulateStep) => void) | undefined
  /**
   * When aborted, ends the run early. The run still heals its faults, performs the final reads and judges the history.
   */
  readonly signal?: AbortSignal | undefined
}

/** Progress of a simulated run. */
export type SimulateStep = Extract<RunEvent, { readonly type: 'event' | 'checking' }>

/** A simulated run, judged. */
export interface Simulated {
  readonly history: History
  /** Verdicts on every level that the workload can decide. */
  readonly report: Report<string>
  /** Why the run proves less than it suggests, for instance because the system answers nothing after healing. */
  readonly vacuous: readonly string[]
  /** Whether the signal ended the run early. */
  readonly interrupted: boolean
}

/** The time for replicas to agree once everything is healed. */
const QUIET_MS = millis(3_000)
const TIMEOUT_MS = millis(1_000)
const CHECK_MS = millis(30_000)
const MEMORY_BYTES = 2_000_000_000

/**
 * Performs and judges one run of a protocol, or of the user's own Node service, in virtual time. Unless it is aborted,
 * the result depends only on the arguments. A protocol's run yields every few milliseconds. A service's run never
 * yields, so only `settings.listener`, which is called during the run, can abort it.
 *
 * @throws UserError (usage) for an argument that is not a protocol or a service, or for an unknown name; (input) for a
 * program that cannot be simulated; (environment) for a run that floods or never ends, and for a program that ends by
 * itself. An error from the protocol's code is thrown with the event at which it occurred.
 */
export async function simulate(
  given: ProtocolModule | ServiceDeclaration,
  settings: SimulateSettings = {},
): Promise<Simulated> {
  const { usualNodes, usualFaults: _, ...subject } = await subjectFrom(given, settings)
  const nodes = settings.nodes ?? usualNodes ?? subject.protocol.defaultNodes
  const { faults = [], clients = 10, listener = () => {}, signal } = settings
  const own = ['seed', 'nodes', 'faults', 'timeMs', 'rate', 'clients', 'listener', 'signal']
  requireSane(settings, own, { nodes, clients })
  const chosen = nemeses.filter(({ name }) => faults.includes(name))
  const events: Event[] = []
  const append = (event: Event) => {
    events.push(event)
    listener({ type: 'event', event })
  }
  const options = runOptions({ ...subject, nodes, operations: 0 }, { settings, chosen, nodes, append })
  const run = await performed({ ...subject, nodes, operations: 0 }, { options, nodes, signal })
  if (run.type === 'stopped')
    throw environmentError(
      `${subject.protocol.name}: the simulation was stopped (${run.reason}) before the run had ended.`,
    )
  const { model, initial, levels } = subject.workload
  const history = historyFromEvents(events)
  listener({ type: 'checking', operations: history.operations.length })
  const report = check(history, {
    ...{ model, initial, levels: subject.level === NO_LEVEL ? [] : levels },
    ...{ deadlineMs: CHECK_MS, memoryBytes: MEMORY_BYTES, now: () => millis(performance.now()) },
  })
  const { outcome } = run
  const vacuous = findVacuity(history, chosen, outcome.faults, subject.workload, outcome.recovery)
  return { history, report, vacuous, interrupted: outcome.interrupted }
}

type Options = Parameters<typeof beginSimulation>[1]

interface SimulationRequest {
  readonly settings: SimulateSettings
  readonly chosen: typeof nemeses
  readonly nodes: number
  readonly append: (event: Event) => void
}

function runOptions(subject: SearchedProtocol, { settings, chosen, nodes, append }: SimulationRequest): Options {
  const { workload, targetSettings, protocol } = subject
  const { seed = 1, timeMs = 3_000, rate = 200, clients = 10 } = settings
  return {
    workload,
    settings: settingsFor(workload, subject.settings, isForLess(subject)),
    schedule: planSchedule({
      nemeses: aimed(chosen, subject),
      nodes: [...nodeNames(nodes), ...(subject.besides ?? [])],
      durationMs: millis(timeMs),
      random: createRandom(`schedule ${seed}`),
    }),
    sink: { append },
    clients,
    sticky: stickinessOf(protocol, targetSettings),
    rate,
    timeMs: millis(timeMs),
    timeoutMs: TIMEOUT_MS,
    quietMs: QUIET_MS,
    seed,
  }
}

interface Performing {
  readonly options: Options
  readonly nodes: number
  readonly signal: AbortSignal | undefined
}

async function performed(subject: Subject, { options, nodes, signal }: Performing): Promise<SimulatedRun> {
  const { protocol, targetSettings } = subject
  const begin = (): SimulatedCluster =>
    clusterOf(subject, {
      nodes,
      seed: options.seed,
      targetSettings,
      longestSettingMs: longestSettingMs(protocol, targetSettings),
    })
  if (subject.start === undefined) return ended(beginSimulation(begin(), options), signal)
  const run = await subject.perform(() => endedAtOnce(begin(), options, signal))
  await subject.settle()
  return run
}

/** The number of events between two yields: about ten milliseconds of work. */
const EVENTS_AT_A_TIME = 5_000

async function ended({ handle, advance }: Simulation, signal: AbortSignal | undefined): Promise<SimulatedRun> {
  for (;;) {
    if (signal?.aborted) handle.interrupt()
    const run = advance(EVENTS_AT_A_TIME)
    if (run !== undefined) return run
    await setImmediate()
  }
}

/** Performs a run of programs. It does not yield, because the programs' globals replace those of this process. */
function endedAtOnce(cluster: SimulatedCluster, options: Options, signal: AbortSignal | undefined): SimulatedRun {
  try {
    const { handle, advance } = beginSimulation(cluster, options)
    for (;;) {
      if (signal?.aborted) handle.interrupt()
      const run = advance(EVENTS_AT_A_TIME)
      const broken = cluster.broken?.()
      if (broken !== undefined) throw environmentError(`the program failed on ${broken.node}: ${broken.what}`)
      if (run !== undefined) return run
    }
  } finally {
    cluster.close?.()
  }
}
