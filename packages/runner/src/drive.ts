import { createRandom, type Fault, type FaultKind, type Link, type Schedule } from '@chaosproxy/faults'
import { type Event, type Millis, millis, millisToNanos, type Nanos, nanos, nanosToMillis } from '@chaosproxy/history'
import { driveClients } from './clients/driven-clients.ts'
import { observeClients } from './clients/observed-clients.ts'
import type { RunClients, StopReason } from './clients/run-clients.ts'
import { createLiveJudge } from './judge/live-judge.ts'
import { loadClients } from './load/loaded-clients.ts'
import type { RemoteLoad } from './load/remote-load.ts'
import { insistOnFaults } from './nemesis/insist.ts'
import { currentLeader, type NemesisLoop, startNemesisLoop } from './nemesis/nemesis-loop.ts'
import type { PlannedRun } from './plan/plan-run.ts'
import type { Cancel, Clock, Healed, HistorySink, Injected } from './ports/cluster.ts'
import type { LiveJudge } from './ports/live-judge.ts'
import type { RunOptions } from './ports/run-options.ts'
import type { RunOutcome, RunStage } from './ports/run-outcome.ts'
import type { StartedCluster, Target } from './ports/target.ts'
import { BEAT_EVERY_MS, createBeats, STOOD_STILL, type Standstill } from './result/standstills.ts'
import type { Progress, RunListener } from './run-event.ts'

export interface RunHandle {
  progress(): Progress
  /** Injects a fault immediately. The fault lasts until it is healed, at the latest until the run stops. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  /** Heals the fault in force with this id, as the id appears in the history. */
  heal(id: string, healed: (outcome: Healed) => void): void
  /** Stops the clients immediately; healing and final reads still follow. */
  interrupt(): void
}

interface DriveOptions extends RunOptions {
  /** Clients driven by workers on other machines; if absent, the run drives its own clients. */
  readonly load?: RemoteLoad | undefined
}

interface DrivenRun {
  readonly options: DriveOptions
  readonly clients: RunClients
  readonly nemesis: NemesisLoop
  readonly online: LiveJudge
  /** Returns nanoseconds since the run began. */
  since(): Nanos
  enter(stage: RunStage): void
  isInterrupted(): boolean
  readonly handle: RunHandle
}

/**
 * Starts the clients and the nemesis; calls `over` once, when the clients are to be stopped. For observed clients, the
 * schedule begins with their first traffic.
 */
export function drive(options: DriveOptions, over: (why: StopReason) => void): DrivenRun {
  const { cluster, schedule } = options
  const { clock, observed } = cluster
  const startedAt = clock.now()
  const since = () => nanos(clock.now() - startedAt)
  const online = judgeLive(options, () => stopWork('interrupted'))
  const random = createRandom(options.seed)
  let stage: RunStage = 'working'
  let interrupted = false

  const clients =
    options.load !== undefined
      ? loadClients(options, options.load, { random, startedAt, since, online })
      : observed === undefined
        ? driveClients(options, { random, since, online })
        : observeClients(options, observed, { since, online })
  const { recorder } = clients
  const nemesis = startNemesisLoop({
    ...{ cluster, recorder, startedAt },
    schedule: observed === undefined ? schedule : [],
    random: random.fork('nemesis'),
  })
  const isOver = () => stage === 'ended'
  observed?.onTraffic(() => postponed(schedule, since()).forEach(nemesis.add))
  observed?.onGone(() => stopWork('gone'))
  observed?.onFault?.(nemesis.noticed)
  cluster.onChange?.(({ what, ...change }) => void (isOver() || recorder.nemesis(what, change)))
  if (options.mayStandStill === true)
    watchBeats(clock, { since, isOver, stood: ({ from, to }) => recorder.nemesis(STOOD_STILL, { from, to }) })
  const mayBite = (kind: FaultKind) => cluster.mayBite?.(kind, affectedLinks(kind, nemesis.injected())) ?? true
  const endInTime = (): Cancel =>
    clock.at(nanos(startedAt + millisToNanos(options.timeMs)), () =>
      insistOnFaults({ nemesis, clock, since, schedule, kinds: options.insistOn ?? [], mayBite }, () =>
        stopWork('late'),
      ),
    )
  const cancelEnd: Cancel = observed?.untilGone === true ? () => {} : endInTime()

  function stopWork(why: StopReason): void {
    if (stage !== 'working') return
    stage = 'healing'
    cancelEnd()
    over(why)
  }

  return {
    ...{ options, clients, nemesis, online, since },
    enter(next) {
      stage = next
    },
    isInterrupted: () => interrupted,
    handle: {
      progress() {
        const node = currentLeader(cluster)
        const statuses = cluster.status()
        return {
          stage,
          elapsed: since(),
          counts: recorder.counts(),
          ...online.judged(),
          activeFaults: nemesis.active(),
          leader: node === undefined ? undefined : { node, term: statuses.get(node)?.term },
          nodes: cluster.nodes.map((each) => ({ node: each, status: statuses.get(each) })),
        }
      },
      inject: nemesis.inject,
      heal: nemesis.healOne,
      interrupt() {
        interrupted = true
        stopWork('interrupted')
      },
    },
  }
}

/** A run whose clients have stopped and whose faults are healed, as far as this can be known. */
export type HealedRun = DrivenRun & Pick<RunOutcome, 'faults' | 'trouble'>

export function heal(run: DrivenRun, why: StopReason, healed: (run: HealedRun) => void): void {
  let found: Pick<RunOutcome, 'faults' | 'trouble'> = { faults: [], trouble: [] }
  const healAll = (done: () => void): void =>
    run.nemesis.stop((faults, trouble) => {
      found = { faults, trouble }
      done()
    })
  run.clients.stop(why, healAll, () => healed({ ...run, ...found }))
}

/** The callbacks and signals with which a caller observes, steers and ends a run. */
export interface Steering {
  readonly listener?: RunListener | undefined
  readonly interrupted?: AbortSignal | undefined
  readonly steered?: ((handle: RunHandle) => void) | undefined
  /** Ends the run immediately, because its record can no longer be kept. */
  readonly abandoned?: AbortSignal | undefined
}

/**
 * Begins a run, calls `cluster.begin`, and resolves with the outcome of the run. Rejects if the cluster breaks, or if
 * the run is abandoned.
 */
export function inTimeOf(
  cluster: StartedCluster,
  { listener, interrupted, abandoned, steered }: Steering,
  begin: (ended: (outcome: RunOutcome) => void) => RunHandle,
): Promise<RunOutcome> {
  return new Promise<RunOutcome>((resolve, reject) => {
    abandoned?.throwIfAborted()
    abandoned?.addEventListener('abort', () => reject(abandoned.reason))
    const handle = begin(resolve)
    const interrupt = () => handle.interrupt()
    if (interrupted?.aborted) interrupt()
    else interrupted?.addEventListener('abort', interrupt)
    if (listener !== undefined) reportStatus(cluster, handle, listener)
    cluster.onBroken(reject)
    steered?.(handle)
    cluster.begin()
  })
}

const STATUS_EVERY_MS = millis(100)

/**
 * Reports the status at intervals of the cluster's clock. A run in virtual time then gets as many reports as a run in
 * real time.
 */
function reportStatus({ clock }: StartedCluster, handle: RunHandle, listener: RunListener): void {
  const report = () => {
    const progress = handle.progress()
    listener({ type: 'status', progress })
    if (progress.stage !== 'ended') clock.at(nanos(clock.now() + millisToNanos(STATUS_EVERY_MS)), report)
  }
  report()
}

/** @param stop Called if a violation ends the run. */
function judgeLive(options: RunOptions, stop: () => void): LiveJudge {
  const { cluster, workload, mapping, sink, violated, mayStandStill, stopOnViolation = false } = options
  const { clock } = cluster
  // By default, a run in virtual time is judged only after its end, because judging it during the run would double its
  // short duration. With `stopOnViolation`, it is judged during the run.
  const isFollowed = stopOnViolation || (violated !== undefined && mayStandStill === true)
  const now = () => nanosToMillis(clock.now())
  const judge = createLiveJudge({ ...workload, mapping, now, isFollowed }, sink.placeOf)
  judge.onViolation((violation) => {
    violated?.(violation)
    // Stops the run after the current event, which must be recorded first.
    if (stopOnViolation) clock.at(clock.now(), stop)
  })
  return judge
}

const postponed = (schedule: Schedule, by: Nanos): Schedule =>
  schedule.map((fault) => ({ ...fault, from: nanos(fault.from + by), to: nanos(fault.to + by) }))

/** Time for the replicas to agree after healing, unless the target sets another. */
const QUIET_MS = millis(10_000)

export const quietMsOf = ({ quietMs = QUIET_MS }: Target, expect: PlannedRun['expect']): Millis =>
  typeof quietMs === 'function' ? quietMs(expect?.level) : quietMs

/** Returns the options of the clients and the nemesis of a planned run, for any cluster. */
export const runOptionsOf = (
  { spec, target, targetSettings, nemeses, schedule, workload, workloadSettings, expect }: PlannedRun,
  sink: HistorySink,
  listener?: RunListener,
): Omit<RunOptions, 'cluster'> => ({
  workload,
  settings: workloadSettings,
  schedule,
  sink: listener === undefined ? sink : reporting(sink, listener),
  clients: spec.clients,
  sticky: typeof target.sticky === 'function' ? target.sticky(targetSettings) : target.sticky,
  rate: spec.rate,
  timeMs: spec.timeMs,
  // On a slow machine, a fault may not take effect, and is then repeated. In virtual time, no machine is slow. With
  // observed clients, no fault is repeated, because these clients may already have ended.
  insistOn:
    target.tier === 'real' && target.clients !== 'observed' ? [...new Set(nemeses.map(({ kind }) => kind))] : [],
  timeoutMs: spec.timeoutMs,
  quietMs: quietMsOf(target, expect),
  seed: spec.seed,
  mayStandStill: target.tier === 'real',
  violated: listener && ((violation) => listener({ type: 'violation', violation })),
  mapping: target.mapping,
  stopOnViolation: spec.stopOnViolation,
})

const reporting = (sink: HistorySink, listener: RunListener): HistorySink => ({
  ...sink,
  append(event: Event) {
    sink.append(event)
    listener({ type: 'event', event })
  },
  wire: sink.wire && {
    ...sink.wire,
    client(line, event) {
      sink.wire?.client(line, event)
      listener({ type: 'event', event })
    },
  },
})

interface BeatOptions {
  readonly since: () => Nanos
  readonly stood: (standstill: Standstill) => void
  readonly isOver: () => boolean
}

/** Watches this process for standstills. Calls `stood` after each of them. */
export function watchBeats(clock: Clock, { since, stood, isOver }: BeatOptions): void {
  const beat = createBeats(since())
  const schedule = (): void => {
    const next = nanos(clock.now() + millisToNanos(BEAT_EVERY_MS))
    // The timer must not keep the process alive. Otherwise, a program that records itself could not exit.
    clock.at(next, beaten, { keepsAlive: false })
  }
  function beaten(): void {
    if (isOver()) return
    const standstill = beat(since())
    if (standstill !== undefined) stood(standstill)
    schedule()
  }
  schedule()
}

const affectedLinks = (kind: FaultKind, injected: readonly { readonly fault: Fault }[]): readonly Link[] =>
  injected.flatMap(({ fault }) => (fault.kind === kind && 'links' in fault ? fault.links : []))
