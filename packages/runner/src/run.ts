import { createRandom, type Fault, type Schedule } from '@chaosproxy/faults'
import { millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { NodeStatus } from '@chaosproxy/protocols'
import { watchBeats } from './beats.ts'
import { driveClients } from './driven-clients.ts'
import { finishRun } from './finish-run.ts'
import { insistOnFaults } from './insist.ts'
import { createLiveJudge, type Judged, type LiveJudge } from './live-judge.ts'
import { loadClients } from './load/loaded-clients.ts'
import { currentLeader, startNemesisLoop } from './nemesis-loop.ts'
import { observeClients } from './observed-clients.ts'
import type { Cancel, Healed, Injected } from './ports.ts'
import type { LiveCounts, RunRecorder } from './recorder.ts'
import { STOOD_STILL } from './result/standstills.ts'
import type { StopReason } from './run-clients.ts'
import type { RunOptions } from './run-options.ts'
import type { RunOutcome, RunStage } from './run-outcome.ts'

/** With the verdict while recording: a violation shows at the operation that makes it certain. */
export interface Progress extends Judged {
  readonly stage: RunStage
  readonly elapsed: Nanos
  readonly counts: LiveCounts
  readonly activeFaults: readonly Fault[]
  readonly leader: { readonly node: string; readonly term: number | undefined } | undefined
  /** What each node last said of itself; `status` is absent while it does not answer. */
  readonly nodes: readonly NodeProgress[]
}

export interface NodeProgress {
  readonly node: string
  readonly status?: NodeStatus | undefined
}

export interface RunHandle {
  progress(): Progress
  /** Injects a fault at once, which stays until it is healed, at the latest when the run stops. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  /** Heals the fault in force with this id, as the history calls it. */
  heal(id: string, healed: (outcome: Healed) => void): void
  /** Stops the clients now; healing and final reads still follow. */
  interrupt(): void
}

/**
 * One run, from the first operation to the last final read: clients work while the nemesis follows its schedule; then
 * everything is healed and every node is read once more. It knows only the ports, so it cannot tell which world it is
 * in. Clients that the cluster lets it observe are awaited: the schedule begins with their first traffic.
 */
export function startRun(options: RunOptions, ended: (outcome: RunOutcome) => void): RunHandle {
  const { cluster, workload, schedule, timeoutMs, quietMs } = options
  const { clock, observed } = cluster
  const startedAt = clock.now()
  const since = () => nanos(clock.now() - startedAt)
  const online = judgeLive(options, () => stopWork('interrupted'))
  const random = createRandom(options.seed)
  let stage: RunStage = 'working'
  let interrupted = false
  const enter = (next: RunStage): void => {
    stage = next
  }

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
  observed?.onTraffic(() => postponed(schedule, since()).forEach(nemesis.add))
  observed?.onGone(() => stopWork('gone'))
  observed?.onFault?.(nemesis.noticed)
  cluster.onChange?.(({ what, ...change }) => void (stage === 'ended' || recorder.nemesis(what, change)))
  noteStandstills(options, since, recorder, () => stage === 'ended')
  const endInTime = (): Cancel =>
    clock.at(nanos(startedAt + millisToNanos(options.timeMs)), () =>
      insistOnFaults({ nemesis, clock, since, schedule, kinds: options.insistOn ?? [] }, () => stopWork('late')),
    )
  const cancelEnd: Cancel = observed?.untilGone === true ? () => {} : endInTime()

  function stopWork(why: StopReason): void {
    if (stage !== 'working') return
    enter('healing')
    cancelEnd()
    let healed: Pick<RunOutcome, 'faults' | 'trouble'> = { faults: [], trouble: [] }
    const heal = (done: () => void): void =>
      nemesis.stop((faults, trouble) => {
        healed = { faults, trouble }
        done()
      })
    clients.stop(why, heal, () =>
      finishRun(
        {
          ...{ cluster, clients, workload, timeoutMs, quietMs, since, enter, ...healed },
          isInterrupted: () => interrupted,
        },
        (outcome) => ended(withViolation(outcome, online.judged())),
      ),
    )
  }

  return {
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
  }
}

function noteStandstills(
  { cluster, mayStandStill = false }: RunOptions,
  since: () => Nanos,
  recorder: RunRecorder,
  isOver: () => boolean,
): void {
  if (!mayStandStill) return
  watchBeats(cluster.clock, { since, isOver, stood: ({ from, to }) => recorder.nemesis(STOOD_STILL, { from, to }) })
}

/** @param stop Called if a violation ends the run. */
function judgeLive(options: RunOptions, stop: () => void): LiveJudge {
  const { cluster, workload, mapping, sink, violated, stopOnViolation = false } = options
  const { clock } = cluster
  const judge = createLiveJudge({ ...workload, mapping }, sink.placeOf)
  judge.onViolation((violation) => {
    violated?.(violation)
    // Not amid the event: what is under way is recorded first.
    if (stopOnViolation) clock.at(clock.now(), stop)
  })
  return judge
}

const postponed = (schedule: Schedule, by: Nanos): Schedule =>
  schedule.map((fault) => ({ ...fault, from: nanos(fault.from + by), to: nanos(fault.to + by) }))

const withViolation = (outcome: RunOutcome, { violation }: Judged): RunOutcome =>
  violation === undefined ? outcome : { ...outcome, violation }
