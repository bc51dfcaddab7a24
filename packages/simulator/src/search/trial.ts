import { check, type Level, type Verdict } from '@chaos/checker'
import type { NodeId } from '@chaos/faults'
import { type Event, type History, HistoryBuilder, type Millis, millis, type Nanos, nanos } from '@chaos/history'
import { type Played, playScenario, type Scenario } from '@chaos/runner'
import { createSimulatedCluster, type SimulatedCluster } from '../cluster.ts'
import { MachineError } from '../machine-error.ts'
import type { Moment } from '../node.ts'
import type { Plan } from './plan.ts'
import { faultOf, type Reaction } from './reaction.ts'
import { machineOf, type Subject } from './subject.ts'

/** How a trial went wrong; absent where it did not. */
export type Failure =
  /** The history breaks the level it is held to: a client was told what cannot be. */
  | { readonly kind: 'violation'; readonly level: Level; readonly sentence: string }
  /** A property that the protocol declares was broken, whether or not a client noticed. */
  | {
      readonly kind: 'invariant'
      readonly name: string
      readonly node: NodeId
      readonly what: string
      /** Counted from the start of the scenario. */
      readonly at: Nanos
    }
  /** The protocol itself does not work: it threw, or it floods, or the run cannot end. Never a verdict on a level. */
  | { readonly kind: 'broken'; readonly what: string }

/** What a node wrote to its log; the time counts from the start of the scenario. */
export interface LogLine {
  readonly at: Nanos
  readonly node: NodeId
  readonly text: string
}

export interface Trial {
  /** With the faults that happened: played again, it gives the same history. */
  readonly scenario: Scenario
  readonly events: readonly Event[]
  readonly history: History
  readonly failure: Failure | undefined
  readonly steps: number
}

export interface TrialLimits {
  readonly checkMs: Millis
  readonly memoryBytes: number
  /** A monotonic clock for the checker. */
  readonly now: () => Millis
  /** Whether broken invariants end a trial. */
  readonly invariants: boolean
  /** Told what nodes write to their logs. */
  readonly log?: ((line: LogLine) => void) | undefined
}

/** Elections come first: nobody is served before. */
const WARM_UP = { events: 200_000, durationMs: millis(5_000) }
/** Beyond what an honest trial takes by far: some 3,000 events and 5 s. */
const LIMITS = { events: 400_000, durationMs: millis(60_000) }
/** For the replicas to agree once all is healed. */
const QUIET_MS = millis(1_500)

/** Runs a plan, and makes it concrete as it goes. */
export const runPlan = (subject: Subject, plan: Plan, limits: TrialLimits): Trial =>
  run(subject, plan.scenario, limits, plan)

/** Plays a scenario with just the faults that it names. */
export const runScenario = (subject: Subject, scenario: Scenario, limits: TrialLimits): Trial =>
  run(subject, scenario, limits, undefined)

function run(subject: Subject, scenario: Scenario, limits: TrialLimits, plan: Plan | undefined): Trial {
  const events: Event[] = []
  const invariants = limits.invariants ? watchInvariants(subject) : undefined
  const reactions = plan === undefined || plan.reactions.length === 0 ? undefined : watchMoments(plan.reactions)
  const cluster = createSimulatedCluster({
    machine: machineOf(subject, scenario.knobs),
    nodes: scenario.nodes,
    seed: scenario.seed,
    log: limits.log === undefined ? undefined : (time, node, text) => limits.log?.({ at: since(time), node, text }),
    observe: invariants?.observe,
    onMoment: reactions?.notice,
  })
  let startedAt = nanos(0)
  const since = (time: Nanos): Nanos => nanos(time - startedAt)
  let faults = scenario.faults
  const finish = (failure: Failure | undefined): Trial => {
    const history = historyOf(events)
    return { scenario: { ...scenario, faults }, events, history, failure, steps: cluster.stepCount }
  }
  try {
    warmUp(cluster)
    startedAt = cluster.clock.now()
    let played: Played | undefined
    const playing = playScenario(
      {
        cluster,
        scenario,
        schedule: plan?.schedule,
        sink: { append: (event) => events.push(event) },
        quietMs: QUIET_MS,
      },
      (ended) => {
        played = ended
      },
    )
    reactions?.begin((reaction, node) =>
      playing.disturb(faultOf(reaction.harm, node, cluster.nodes), reaction.after, reaction.duration),
    )
    const end = cluster.run(() => played !== undefined || invariants?.broken !== undefined, LIMITS)
    faults = playing.faults()
    const broken = invariants?.broken
    if (broken !== undefined) return finish({ ...broken, kind: 'invariant', at: since(cluster.clock.now()) })
    if (end !== 'done') return finish({ kind: 'broken', what: `the run does not end: ${end}` })
  } catch (error) {
    if (error instanceof MachineError) return finish({ kind: 'broken', what: error.message })
    throw error
  }
  const trial = finish(undefined)
  return { ...trial, failure: judge(subject, trial.history, limits) }
}

const POLL_NANOS = 5e6

/** Lets a leader be elected; a protocol that has none is not waited for beyond the limit. */
function warmUp(cluster: SimulatedCluster): void {
  let led = false
  const poll = () => {
    led = [...cluster.status().values()].some((status) => status?.leads === true)
    if (!led) cluster.clock.at(nanos(cluster.clock.now() + POLL_NANOS), poll)
  }
  poll()
  cluster.run(() => led, WARM_UP)
}

function watchInvariants({ protocol }: Subject) {
  const watches = (protocol.invariants ?? []).map(({ name, watch }) => ({ name, watch: watch() }))
  if (watches.length === 0) return undefined
  const watcher: {
    broken: { readonly name: string; readonly node: NodeId; readonly what: string } | undefined
    observe(node: NodeId, state: unknown, event: Parameters<(typeof watches)[number]['watch']>[2]): void
  } = {
    broken: undefined,
    observe(node, state, event) {
      for (const { name, watch } of watches) {
        const what = watch(node, state, event)
        if (what !== undefined) watcher.broken ??= { name, node, what }
      }
    },
  }
  return watcher
}

function watchMoments(reactions: readonly Reaction[]) {
  const counts: { [moment in Moment]: number } = { leads: 0, persists: 0, acknowledges: 0 }
  let react: ((reaction: Reaction, node: NodeId) => void) | undefined
  return {
    begin(respond: (reaction: Reaction, node: NodeId) => void): void {
      react = respond
    },
    notice(node: NodeId, moment: Moment): void {
      if (react === undefined) return
      counts[moment]++
      for (const reaction of reactions)
        if (reaction.moment === moment && reaction.occurrence === counts[moment]) react(reaction, node)
    },
  }
}

function historyOf(events: readonly Event[]): History {
  const builder = new HistoryBuilder({ source: 'the simulated history', expectedOperations: events.length })
  for (const event of events) builder.event(event)
  return builder.build()
}

function judge({ level }: Subject, history: History, limits: TrialLimits): Failure | undefined {
  const verdict: Verdict = check(history, {
    model: 'register',
    initial: null,
    levels: [level],
    failedCas: 'drop',
    explain: false,
    deadlineMs: limits.checkMs,
    memoryBytes: limits.memoryBytes,
    now: limits.now,
  }).levels[level]
  if (verdict.result !== 'violated') return undefined
  return { kind: 'violation', level, sentence: verdict.counterexample.sentence }
}
