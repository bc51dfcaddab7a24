import { check, limitedTo, type Reason, verdictOf } from '@chaosproxy/checker'
import type { NodeId } from '@chaosproxy/faults'
import {
  count,
  type Event,
  type History,
  historyFromEvents,
  type Millis,
  millis,
  momentInMillis,
  type Nanos,
  nanos,
} from '@chaosproxy/history'
import { describeEvent, MachineError, SilentProgramError } from '@chaosproxy/protocols'
import { currentLeader, type Played, playScenario, type Scenario } from '@chaosproxy/runner'
import type { Heard, Listening } from '@chaosproxy/runner/result'
import { isStrongest } from '@chaosproxy/workloads'
import type { Broken, RunLimits, SimulatedCluster } from '../cluster.ts'
import { createEar } from '../ear.ts'
import type { AnyEvent, Observer } from '../node.ts'
import { longestSettingMs } from '../recovery-time.ts'
import type { PlannedDelay } from '../replay/delays.ts'
import type { Plan } from './plan.ts'
import { faultOf } from './reaction.ts'
import { createReflexes } from './reflexes.ts'
import { clusterOf, NO_LEVEL, type SearchedProtocol } from './subject.ts'
import { type Unrecovered, unrecovered } from './unrecovered.ts'
import { warmUp } from './warm-up.ts'

/** The failure of a trial. */
export type Failure =
  /** The history violates the level that it must satisfy. */
  | { readonly kind: 'violation'; readonly level: string; readonly sentence: string }
  | Unrecovered
  | (Broken & {
      readonly kind: 'invariant'
      /** The time since the start of the scenario. */
      readonly at: Nanos
    })
  /**
   * The protocol's code is broken: for example, it throws an error, or takes far too many events (see `floodWatch`).
   * The trial then does not show whether a level is met.
   */
  | {
      readonly kind: 'broken'
      readonly what: string
      /** A text that identifies the error. Failures with the same text count as one cause. */
      readonly mistake: string
      /** Stack frames in the protocol's code, innermost first. */
      readonly trace: readonly string[]
      /**
       * The node at which the error occurred, and the time since the start of the scenario. Absent if the error
       * occurred before the start.
       */
      readonly where?: { readonly node: NodeId; readonly at: Nanos } | undefined
      /** Whether the trial would never end by itself, for example because nodes exchange messages without end. */
      readonly endless?: boolean | undefined
      /** Whether a call never returned or took all memory. A replay would get stuck too. */
      readonly stuck?: boolean | undefined
    }

export interface LogLine {
  readonly at: Nanos
  readonly node: NodeId
  readonly text: string
}

export interface Trial {
  /**
   * Returns the scenario with the faults that occurred, and with the actual start times. A replay of this scenario
   * gives the same history. It is built on demand, because most trials never need it.
   */
  readonly scenario: () => Scenario
  readonly events: readonly Event[]
  readonly history: History
  /** The virtual time at which the scenario began. */
  readonly startedAt: Nanos
  /** The scenario as it was played; absent if the trial failed before its end. */
  readonly played: Played | undefined
  /** The recorded messages, if the subject's network records them. */
  readonly heard?: Heard | undefined
  readonly failure: Failure | undefined
  /** Why the checker could not decide whether the level holds. */
  readonly undecided: Reason | undefined
  /** The goals that some trial of a search should reach, but this trial has not. */
  readonly unmet: readonly string[]
  /** The goals that this trial has reached. */
  readonly met: readonly string[]
  readonly steps: number
  /** The number of events in virtual time: arrivals, fsyncs, timers, and actions of clients and the nemesis. */
  readonly happened: number
}

export interface TrialLimits {
  /** The limit for the check of each history, in steps. A usual check takes hardly 1% of the default. */
  readonly checkSteps?: number | undefined
  readonly memoryBytes: number
  /** Returns a monotonic clock for stages with a time limit, such as minimisation. No trial's outcome depends on it. */
  readonly now: () => Millis
  readonly invariants: boolean
  /**
   * Called once for each node. The returned observer is called after each step of the node. `now` returns the time
   * since the start of the scenario.
   */
  readonly observe?: ((node: NodeId, now: () => Nanos) => Observer) | undefined
  readonly listening?: Listening | undefined
  readonly log?: ((line: LogLine) => void) | undefined
  /** Called with the delay of each packet, if the subject is not a state machine. */
  readonly delayed?: ((delay: PlannedDelay) => void) | undefined
}

/**
 * The default limit of a check, about 15 s on an ordinary machine. A limit in steps gives a trial the same outcome on
 * every machine, even on a busy one.
 */
export const CHECK_STEPS = 150_000_000

/** The limits of a trial, far above the needs of a normal trial, which takes about 3,000 events and 5 s. */
const MOST_EVENTS = 400_000
const LONGEST_MS = 60_000
/** No normal trial exceeds these limits, even if no operation is answered and one client waits for all of them. */
const limitsOf = ({ operations, timeoutMs }: Scenario): RunLimits => ({
  events: MOST_EVENTS,
  durationMs: millis(LONGEST_MS + operations.length * timeoutMs),
})
/** The time for the replicas to agree after healing. */
const QUIET_MS = millis(1_500)
/** The maximum number of additional events while a trial waits for an answer after healing. */
const RECOVERY_EVENTS = 2_000_000

/** Runs a plan. The run decides which nodes and links the faults of the plan hit. */
export const runPlan = (subject: SearchedProtocol, plan: Plan, limits: TrialLimits): Trial =>
  run(subject, plan.scenario, limits, plan)

/** Runs a scenario with exactly the faults that it names. */
export const runScenario = (subject: SearchedProtocol, scenario: Scenario, limits: TrialLimits): Trial =>
  run(subject, scenario, limits, undefined)

/** Returns the leader at the start of a scenario. A fault may have been aimed at this node because it leads. */
export function firstLeader(subject: SearchedProtocol, scenario: Scenario): NodeId | undefined {
  const { nodes, seed, targetSettings } = scenario
  // A state machine has no `start`. Only state machines have leaders.
  if (subject.start !== undefined) return undefined
  try {
    const cluster = clusterOf(subject, { nodes, seed, targetSettings })
    warmUp(cluster)
    return currentLeader(cluster)
  } catch (error) {
    if (error instanceof MachineError) return undefined
    throw error
  }
}

function run(subject: SearchedProtocol, scenario: Scenario, limits: TrialLimits, plan: Plan | undefined): Trial {
  const events: Event[] = []
  const last: LastStep = { node: undefined, event: undefined }
  const invariants = limits.invariants ? watchInvariants(subject) : undefined
  const reflexes = plan === undefined || plan.reactions.length === 0 ? undefined : createReflexes(plan.reactions)
  let cluster: SimulatedCluster | undefined
  const ear = limits.listening === undefined ? undefined : createEar(limits.listening)
  let [startedAt, hasBegun] = [nanos(0), false]
  const since = (time: Nanos): Nanos => nanos(hasBegun ? time - startedAt : 0)
  let happened = (): Scenario => scenario
  let played: Played | undefined
  const finish = (failure: Failure | undefined, history = historyOf(events), undecided?: Reason): Trial => ({
    ...{ scenario: happened, events, history, startedAt, played },
    ...{ failure, undecided, heard: ear?.heard() },
    ...{ unmet: cluster?.unmet?.() ?? [], met: cluster?.met?.() ?? [], steps: cluster?.stepCount() ?? 0 },
    happened: cluster?.eventCount() ?? 0,
  })
  try {
    cluster = clusterOf(subject, {
      targetSettings: scenario.targetSettings,
      nodes: scenario.nodes,
      seed: scenario.seed,
      longestSettingMs: longestSettingMs(subject.protocol, scenario.targetSettings),
      log: limits.log === undefined ? undefined : (time, node, text) => limits.log?.({ at: since(time), node, text }),
      observe: (node) =>
        observerOf(node, subject, limits, invariants, last, () => since(cluster?.clock.now() ?? startedAt)),
      ...{ moments: reflexes?.watch, ear: ear?.listen, delays: scenario.delays, holds: scenario.holds },
      delayed: limits.delayed,
    })
    const [clock, nodes] = [cluster.clock, [...cluster.nodes, ...(scenario.besides ?? [])]]
    ;[startedAt, hasBegun] = [begun(cluster), true]
    ear?.begin()
    const playing = playScenario(
      {
        cluster,
        scenario,
        workload: subject.workload,
        schedule: plan?.schedule,
        sink: { append: (event) => events.push(event) },
        quietMs: QUIET_MS,
        // At the strongest level, every read must return the latest value. At a weaker level, the replicas first get
        // time to agree.
        until: isStrongest(subject.workload, subject.level) ? 'service' : 'agreement',
      },
      (ended) => {
        played = ended
      },
    )
    happened = () => ({ ...scenario, operations: playing.operations(), faults: playing.faults() })
    reflexes?.begin(
      () => since(clock.now()),
      (reaction, node) => playing.disturb(faultOf(reaction.harm, node, nodes), reaction.after, reaction.duration),
    )
    const broke = breachIn(cluster, limits, invariants)
    const isOver = () => played !== undefined || broke() !== undefined
    const most = limitsOf(scenario)
    let end = cluster.run(isOver, most)
    if (end === 'too much time' && playing.isHealed()) {
      // The run continues for the time that a recovery may take.
      end = cluster.run(isOver, { events: RECOVERY_EVENTS, durationMs: millis(2 * cluster.recoveryMs()) })
      if (end !== 'done') return finish(undefined, historyOf(events), tooLongToRecover(end))
    }
    const broken = broke() ?? (end === 'done' && limits.invariants ? cluster.brokenAtRest?.() : undefined)
    if (broken !== undefined) return finish({ ...broken, kind: 'invariant', at: since(clock.now()) })
    if (end !== 'done') return finish(endless(end, endlessText(end, most, since(clock.now()), last)))
  } catch (error) {
    if (!(error instanceof MachineError)) throw error
    const { message: what, mistake, trace, node, exhausts: stuck } = error
    const endless = error.cause instanceof SilentProgramError ? true : undefined
    const at = cluster === undefined ? undefined : since(cluster.clock.now())
    const where = at === undefined ? undefined : { node, at }
    return finish({ kind: 'broken', what, mistake, trace, where, endless, stuck })
  } finally {
    cluster?.close?.()
  }
  const history = historyOf(events)
  const { failure, undecided } = judge(subject, history, limits)
  const stopped = failure === undefined ? unrecovered(subject, scenario, history, played) : undefined
  if (stopped?.kind === 'record') return finish(undefined, history, undecided ?? stopped)
  return finish(failure ?? stopped, history, stopped === undefined ? undecided : undefined)
}

function begun(cluster: SimulatedCluster): Nanos {
  warmUp(cluster)
  cluster.scenarioBegins?.()
  return cluster.clock.now()
}

const endless = (end: string, what: string): Failure => ({
  kind: 'broken',
  what,
  mistake: `the run does not end: ${end}`,
  trace: [],
  endless: true,
})

const breachIn =
  (
    cluster: SimulatedCluster,
    { invariants: watched }: TrialLimits,
    invariants: ReturnType<typeof watchInvariants> | undefined,
  ): (() => Broken | undefined) =>
  () =>
    invariants?.broken ?? (watched ? cluster.broken?.() : undefined)

const tooLongToRecover = (end: string): Reason => ({
  kind: 'record',
  text: `whether it recovers is not known: ${end} (${count(RECOVERY_EVENTS)} events are allowed)`,
})

interface LastStep {
  node: NodeId | undefined
  event: AnyEvent | undefined
}

function observerOf(
  node: NodeId,
  { protocol }: SearchedProtocol,
  limits: TrialLimits,
  invariants: ReturnType<typeof watchInvariants> | undefined,
  last: LastStep,
  now: () => Nanos,
): Observer {
  const watch = invariants?.observe(node)
  const changed = protocol.changes?.()
  const observer = limits.observe?.(node, now)
  return (state, event, durable) => {
    last.node = node
    last.event = event
    if (watch !== undefined && changed?.(state) !== false) watch(state, event, durable)
    observer?.(state, event, durable)
  }
}

/**
 * Returns the message for an endless run. It names the last event as an example, because no event is known to be the
 * cause.
 */
function endlessText(end: string, most: RunLimits, at: Nanos, { node, event }: LastStep): string {
  const step = node === undefined ? '' : `; the last one was ${node} on ${describeEvent(event)}`
  return `the run does not end: ${end} (${count(most.events)} events or ${most.durationMs / 1000} s are allowed) by ${momentInMillis(at)}${step}`
}

function watchInvariants({ protocol }: SearchedProtocol) {
  const invariants = (protocol.invariants ?? []).map(({ name, watch }) => ({ name, watch: watch() }))
  if (invariants.length === 0) return undefined
  const watcher: {
    broken: Broken | undefined
    observe(node: NodeId): Observer
  } = {
    broken: undefined,
    observe(node) {
      const watches = invariants.map(({ name, watch }) => ({ name, watch: watch(node) }))
      return (state, event, durable) => {
        for (const { name, watch } of watches) {
          const what = watch(state, event, durable)
          if (what !== undefined) watcher.broken ??= { name, node, what }
        }
      }
    },
  }
  return watcher
}

const historyOf = (events: readonly Event[]): History =>
  historyFromEvents(events, { source: 'the simulated history', expectedOperations: Math.ceil(events.length / 2) })

function judge(
  { level, workload }: SearchedProtocol,
  history: History,
  limits: TrialLimits,
): Pick<Trial, 'failure' | 'undecided'> {
  if (level === NO_LEVEL) return { failure: undefined, undecided: undefined }
  const report = check(history, {
    model: workload.model,
    initial: workload.initial,
    levels: [level],
    explain: false,
    memoryBytes: limits.memoryBytes,
    ...limitedTo(limits.checkSteps ?? CHECK_STEPS),
  })
  const verdict = verdictOf(report, level)
  switch (verdict.result) {
    case 'met':
      return { failure: undefined, undecided: undefined }
    case 'unknown':
      return { failure: undefined, undecided: verdict.reason }
    case 'violated': {
      const { sentence } = verdict.counterexample
      return { failure: { kind: 'violation', level, sentence }, undecided: undefined }
    }
    default:
      return verdict satisfies never
  }
}
