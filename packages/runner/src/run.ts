import type { SoFar } from '@chaosproxy/checker'
import { createRandom, type Fault, type FaultKind, type NodeId, type Random, type Schedule } from '@chaosproxy/faults'
import { type Input, type Millis, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import { type Settings, settingsFor, type Workload, type WorkloadClient } from '@chaosproxy/workloads'
import { type ClientLoop, intervalFor, type NodeChoice, startClientLoop } from './client-loop.ts'
import { finishRun } from './finish-run.ts'
import { insistOnFaults } from './insist.ts'
import { currentLeader, startNemesisLoop } from './nemesis-loop.ts'
import { onlineCheckerFor } from './online.ts'
import type { Cancel, Cluster, HistorySink } from './ports.ts'
import { startProcess } from './process.ts'
import { createRecorder, type LiveCounts, type Recorder } from './recorder.ts'
import type { RunOutcome, RunStage } from './run-outcome.ts'
import { recordWire } from './wire-recorder.ts'

export interface RunOptions {
  readonly cluster: Cluster
  readonly workload: Workload
  /** Settings of the workload; the others keep their defaults. */
  readonly settings?: Settings | undefined
  readonly schedule: Schedule
  readonly sink: HistorySink
  readonly clients: number
  /** Whether each client stays with one node; otherwise some ask any. */
  readonly sticky?: Stickiness | undefined
  /** Operations per second over all clients. */
  readonly rate: number
  /** How long clients keep starting operations. */
  readonly timeMs: Millis
  /** Kinds whose faults are repeated after that time, while clients continue, if none of them ever took effect. */
  readonly insistOn?: readonly FaultKind[] | undefined
  /** How long a client waits for an answer. */
  readonly timeoutMs: Millis
  /** How long to wait for the replicas to agree after everything is healed and writing has stopped. */
  readonly quietMs: Millis
  readonly seed: number
}

export interface Progress {
  readonly stage: RunStage
  readonly elapsed: Nanos
  readonly counts: LiveCounts
  /** The verdict while recording: a violation shows at the operation that makes it certain. */
  readonly soFar: SoFar
  readonly activeFaults: readonly Fault[]
  readonly leader: { readonly node: string; readonly term: number | undefined } | undefined
}

export interface RunHandle {
  progress(): Progress
  /** Stops the clients now; healing and final reads still follow. */
  interrupt(): void
}

/** Time for clients to follow events that are outstanding at healing, such as the rest of a stream. */
const FOLLOW_MS = millis(30_000)

/** Every fourth client of a node picks a random node for each operation, as behind a load balancer. */
const ROAMING_EVERY = 4

/**
 * One run, from the first operation to the last final read: clients work while the nemesis follows its schedule; then
 * everything is healed and every node is read once more. It knows only the ports, so it cannot tell which world it is
 * in.
 */
export function startRun(options: RunOptions, ended: (outcome: RunOutcome) => void): RunHandle {
  const { cluster, workload, schedule, sink, timeoutMs } = options
  const { clock } = cluster
  const startedAt = clock.now()
  const since = () => nanos(clock.now() - startedAt)
  const online = onlineCheckerFor(workload)
  const judged: HistorySink = {
    append(event) {
      sink.append(event)
      online.push(event)
    },
  }
  const wire = recordWire(cluster, sink.wire, since, online)
  const recorder = wire ?? createRecorder(judged, since)
  const random = createRandom(options.seed)
  const keys = new Set<string>()
  let stage: RunStage = 'working'
  let interrupted = false
  const enter = (next: RunStage): void => {
    stage = next
  }

  const loops = startClients({ ...options, recorder, random, keys })
  const nemesis = startNemesisLoop({ cluster, recorder, schedule, startedAt, random: random.fork('nemesis') })
  const cancelEnd: Cancel = clock.at(nanos(startedAt + millisToNanos(options.timeMs)), () =>
    insistOnFaults({ nemesis, clock, since, schedule, kinds: options.insistOn ?? [] }, stopWork),
  )

  function stopWork(): void {
    if (stage !== 'working') return
    enter('healing')
    cancelEnd()
    let healed: Pick<RunOutcome, 'faults' | 'trouble'> = { faults: [], trouble: [] }
    const oneLess = afterAll(loops.length + 1, () => finish(healed))
    nemesis.stop((faults, trouble) => {
      healed = { faults, trouble }
      oneLess()
    })
    for (const loop of loops) loop.stop(oneLess)
  }

  const finish = (healed: Pick<RunOutcome, 'faults' | 'trouble'>): void =>
    finishRun(
      {
        ...{ cluster, recorder, workload, timeoutMs, quietMs: options.quietMs, since, enter },
        isInterrupted: () => interrupted,
        ...healed,
        follow: (followed) => followOn(loops, nanos(clock.now() + millisToNanos(FOLLOW_MS)), followed),
        inputs: () => workload.finale([...keys]),
        otherwise: operationsOf(options, recorder, random),
        settle() {
          wire?.finish()
          return wire?.settled()
        },
      },
      ended,
    )

  return {
    progress() {
      const node = currentLeader(cluster)
      return {
        stage,
        elapsed: since(),
        counts: recorder.counts(),
        soFar: online.soFar(),
        activeFaults: nemesis.active(),
        leader: node === undefined ? undefined : { node, term: cluster.status().get(node)?.term },
      }
    },
    interrupt() {
      interrupted = true
      stopWork()
    },
  }
}

/** Operations like those of the run's clients, as another client would begin. */
function operationsOf({ workload, settings }: RunOptions, recorder: Recorder, random: Random): () => Input {
  let client: WorkloadClient | undefined
  return () => {
    const { ok, fail, info } = recorder.counts()
    client ??= workload.create(settingsFor(workload, settings), ok + fail + info).client(random.fork('recovery'), 0)
    return client.next()
  }
}

/** Lets each client finish what it started, such as reading the rest of a stream. */
function followOn(loops: readonly ClientLoop[], deadline: Nanos, followed: () => void): void {
  if (loops.length === 0) followed()
  const oneLess = afterAll(loops.length, followed)
  for (const loop of loops) loop.finish(deadline, oneLess)
}

/** Returns a function that calls back on its nth call. */
function afterAll(times: number, done: () => void): () => void {
  let waitingFor = times
  return () => {
    waitingFor -= 1
    if (waitingFor === 0) done()
  }
}

interface ClientsOptions
  extends Pick<RunOptions, 'cluster' | 'workload' | 'settings' | 'clients' | 'sticky' | 'rate' | 'timeoutMs'> {
  readonly recorder: Recorder
  readonly random: Random
  /** Filled with the keys that clients use. */
  readonly keys: Set<string>
}

/** Starts the clients, each with its own random streams, evenly over the nodes. */
function startClients(options: ClientsOptions): readonly ClientLoop[] {
  const { cluster, workload, recorder, random, keys, timeoutMs } = options
  const clients = workload.create(settingsFor(workload, options.settings), 0)
  return Array.from({ length: options.clients }, (_, i) => {
    const stream = random.fork(`client ${i}`)
    const rank = Math.floor(i / cluster.nodes.length)
    const home = cluster.nodes[i % cluster.nodes.length] ?? ''
    return startClientLoop({
      clock: cluster.clock,
      process: startProcess({ cluster, recorder, workload, timeoutMs }),
      client: notingKeys(clients.client(stream.fork('operations'), rank), keys),
      nodes: nodesFor(options.sticky ?? false, rank, home, cluster.nodes),
      reads: workload.reads,
      random: stream.fork('pace'),
      interval: intervalFor(options.rate, options.clients),
    })
  })
}

function nodesFor(sticky: Stickiness, rank: number, home: NodeId, all: readonly NodeId[]): NodeChoice {
  if (sticky === 'while-up') return { type: 'while up', home, others: all.filter((node) => node !== home) }
  const roams = !sticky && rank % ROAMING_EVERY === ROAMING_EVERY - 1
  return { type: 'any', of: roams ? all : [home] }
}

/** Wraps a client to remember the keys it uses for the final reads. */
const notingKeys = (client: WorkloadClient, keys: Set<string>): WorkloadClient => ({
  next() {
    const input = client.next()
    if (input.key !== undefined) keys.add(input.key)
    return input
  },
  learned: (input, completion) => client.learned?.(input, completion),
  ...(client.after === undefined ? {} : { after: () => client.after?.() }),
})
