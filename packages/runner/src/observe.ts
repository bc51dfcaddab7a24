import type { Fault, Schedule } from '@chaosproxy/faults'
import { createRandom } from '@chaosproxy/faults'
import { type Millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Workload } from '@chaosproxy/workloads'
import { finishRun } from './finish-run.ts'
import { startNemesisLoop } from './nemesis-loop.ts'
import { onlineCheckerFor } from './online.ts'
import type { Cluster, HistorySink, Injected, WireEvent, WireSink } from './ports.ts'
import type { Recorder } from './recorder.ts'
import { createRepeats } from './repeats.ts'
import type { Progress } from './run.ts'
import type { RunOutcome, RunStage } from './run-outcome.ts'
import { createSettlement } from './settlement.ts'

export interface ObserveOptions {
  /** A cluster whose proxy records: the traffic is all that is known of the clients. */
  readonly cluster: Cluster & Required<Pick<Cluster, 'record'>>
  /** Judges the record and supplies the final reads. */
  readonly workload: Workload
  readonly schedule: Schedule
  readonly sink: HistorySink
  /** How long a final read waits for its answer. */
  readonly timeoutMs: Millis
  /** How long to wait for the replicas to agree after everything is healed and the clients are gone. */
  readonly quietMs: Millis
  /** Whether a final read can read this key. */
  readonly canRead: (key: string) => boolean
  readonly seed: number
  /** Whether a change that is sent again cannot be known from one that was meant again: nothing in requests names them. */
  readonly repeatsAreDoubtful: boolean
}

/** A run whose clients are outside its control. */
export interface Observation {
  progress(): Progress
  /** Starts the nemesis, just before the clients start. */
  begin(): void
  /** Injects a fault at once, which stays until it is healed, at the latest when the run stops. */
  inject(fault: Fault, injected: (outcome: Injected) => void): void
  /** Call once the clients are gone: heals, reads a last time, and calls back. */
  stop(interrupted: boolean, ended: (outcome: RunOutcome) => void): void
}

/** At most this many keys get a final read. */
const MOST_FINAL_KEYS = 2_000
/** How long to wait for replies to operations that clients left open. */
const OPEN_MS = 1_000
const LOOK_EVERY_MS = 20

/** Starts recording. */
export function observe(options: ObserveOptions): Observation {
  const { cluster, workload, schedule, sink, timeoutMs, quietMs } = options
  const startedAt = cluster.clock.now()
  const since = () => nanos(cluster.clock.now() - startedAt)
  const online = onlineCheckerFor(workload)
  const settlement = createSettlement()
  const repeats = createRepeats(typeof workload.model === 'string' ? workload.model : workload.model.name)
  const keys = new Set<string>()
  const open = new Set<WireEvent['process']>()
  const wire = cluster.record(wireSink(), since)
  let stage: RunStage = 'working'
  let processes = 0
  const recorder: Recorder = {
    newProcess: () => processes++,
    // The proxy's record is the history, final reads included.
    invoked() {},
    completed() {},
    nemesis: (f, value) => wire.note(f, value),
    counts: () => wire.counts(),
  }
  const nemesis = startNemesisLoop({ cluster, recorder, schedule: [], startedAt, random: randomFrom(options.seed) })

  function wireSink(): WireSink {
    return {
      client(line, event) {
        if (sink.wire === undefined) sink.append(event)
        else sink.wire.client(line, event)
        // A key may expire at any time, so nobody waits for it.
        if (event.type === 'invoke' && event.expires !== true) open.add(event.process)
        else open.delete(event.process)
        if (event.key !== undefined && keys.size < MOST_FINAL_KEYS && event.process !== 'recorder') keys.add(event.key)
        settlement.clientEvent(event)
        repeats.client(line, event)
        online.push(event)
      },
      backend(line, event) {
        sink.wire?.backend(line)
        settlement.backendEvent(event)
        repeats.backend(event)
      },
    }
  }

  return {
    progress: () => ({
      stage,
      elapsed: since(),
      counts: recorder.counts(),
      soFar: online.soFar(),
      activeFaults: nemesis.active(),
      leader: undefined,
    }),
    begin: () => postponed(schedule, since()).forEach(nemesis.add),
    inject: nemesis.inject,
    stop(interrupted, ended) {
      stage = 'healing'
      nemesis.stop((faults, trouble) =>
        whenQuiet(cluster.clock, open, () =>
          finishRun(
            {
              ...{ cluster, recorder, workload, timeoutMs, quietMs, since, faults, trouble },
              isInterrupted: () => interrupted,
              enter(next) {
                stage = next
              },
              follow: (followed) => followed(),
              inputs: () => workload.finale([...keys].filter(options.canRead)),
              settle() {
                wire.finish()
                return settlement.settled()
              },
            },
            (outcome) => ended(observed(outcome, options.repeatsAreDoubtful ? repeats.doubts() : undefined)),
          ),
        ),
      )
    },
  }
}

/** Final reads may lack what the clients' requests had, such as their Authorization: they do not tell of recovery. */
const observed = (outcome: RunOutcome, doubts: RunOutcome['doubts']): RunOutcome => ({
  ...outcome,
  recovery: undefined,
  ...(doubts === undefined ? {} : { doubts }),
})

const randomFrom = (seed: number) => createRandom(seed).fork('nemesis')

const postponed = (schedule: Schedule, by: Nanos): Schedule =>
  schedule.map((fault) => ({ ...fault, from: nanos(fault.from + by), to: nanos(fault.to + by) }))

/** Waits for operations that ended clients left open. */
function whenQuiet(clock: Cluster['clock'], open: ReadonlySet<unknown>, done: () => void): void {
  const until = clock.now() + millisToNanos(OPEN_MS as Millis)
  const look = () => {
    if (open.size === 0 || clock.now() >= until) done()
    else clock.at(nanos(clock.now() + millisToNanos(LOOK_EVERY_MS as Millis)), look)
  }
  look()
}
