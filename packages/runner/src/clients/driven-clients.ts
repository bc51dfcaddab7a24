import type { NodeId, Random } from '@chaosproxy/faults'
import { type Input, type Millis, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { Stickiness } from '@chaosproxy/protocols'
import { keysIn, settingsFor, type WorkloadClient } from '@chaosproxy/workloads'
import type { Cluster, HistorySink } from '../ports/cluster.ts'
import type { LiveJudge } from '../ports/live-judge.ts'
import type { RunOptions } from '../ports/run-options.ts'
import { type ClientLoop, intervalFor, type NodeChoice, startClientLoop } from './client-loop.ts'
import { startProcess } from './process.ts'
import { createRunRecorder, type RunRecorder } from './recorder.ts'
import type { RunClients } from './run-clients.ts'
import { recordWire } from './wire-recorder.ts'

/** Time for clients to finish outstanding work, such as reading the rest of a stream. */
export const FOLLOW_MS: Millis = millis(30_000)

/** Every fourth client of a node picks random nodes, as a load balancer would. */
const ROAMING_EVERY = 4

interface DrivingOptions {
  readonly random: Random
  readonly since: () => Nanos
  readonly online: LiveJudge
}

export function driveClients(options: RunOptions, { random, since, online }: DrivingOptions): RunClients {
  const { cluster, workload, sink } = options
  const { clock } = cluster
  const judged: HistorySink = {
    append(event) {
      sink.append(event)
      online.push(event)
    },
  }
  const wire = recordWire(cluster, sink.wire, since, online)
  const recorder = wire ?? createRunRecorder(judged, since)
  const keys = new Set<string>()
  const loops = startClients({ ...options, recorder, random, keys })
  return {
    recorder,
    stop(_, heal, stopped) {
      const oneLess = afterAll(loops.length + 1, stopped)
      heal(oneLess)
      for (const loop of loops) loop.stop(oneLess)
    },
    follow: (followed) => followOn(loops, nanos(clock.now() + millisToNanos(FOLLOW_MS)), followed),
    inputs: () => workload.finale([...keys]),
    areLikeFinalReads: true,
    otherwise: operationsOf(
      options,
      () => {
        const { ok, fail, info } = recorder.counts()
        return ok + fail + info
      },
      random,
    ),
    settle() {
      wire?.finish()
      return wire?.settled()
    },
    doubts: () => [],
  }
}

/** Returns a generator of operations for an additional client. `serial` counts the unique values used so far. */
export function operationsOf(
  { workload, settings }: Pick<RunOptions, 'workload' | 'settings'>,
  serial: () => number,
  random: Random,
): () => Input {
  let client: WorkloadClient | undefined
  return () => {
    client ??= workload.create(settingsFor(workload, settings), serial()).client(random.fork('recovery'), 0)
    return client.next()
  }
}

/** Lets each client complete its outstanding work. */
export function followOn(loops: readonly ClientLoop[], deadline: Nanos, followed: () => void): void {
  if (loops.length === 0) followed()
  const oneLess = afterAll(loops.length, followed)
  for (const loop of loops) loop.finish(deadline, oneLess)
}

export function afterAll(times: number, done: () => void): () => void {
  let waitingFor = times
  return () => {
    waitingFor -= 1
    if (waitingFor === 0) done()
  }
}

export interface ClientsOptions
  extends Pick<RunOptions, 'workload' | 'settings' | 'clients' | 'sticky' | 'rate' | 'timeoutMs'> {
  readonly cluster: Pick<Cluster, 'nodes' | 'clock' | 'connect'>
  readonly recorder: RunRecorder
  readonly random: Random
  readonly keys: Set<string>
  /** Selects by number which clients to start; by default all. */
  readonly isOurs?: ((client: number) => boolean) | undefined
  /** The last unique value already used; by default 0. */
  readonly serial?: number | undefined
}

/** Starts the clients, each with its own random streams, distributed evenly over the nodes. */
export function startClients(options: ClientsOptions): readonly ClientLoop[] {
  const { cluster, workload, recorder, random, keys, timeoutMs, isOurs = () => true } = options
  const clients = workload.create(settingsFor(workload, options.settings), options.serial ?? 0)
  return Array.from({ length: options.clients }, (_, i) => i)
    .filter(isOurs)
    .map((i) => {
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

const notingKeys = (client: WorkloadClient, keys: Set<string>): WorkloadClient => ({
  next() {
    const input = client.next()
    for (const key of keysIn(input)) keys.add(key)
    return input
  },
  learned: (input, completion) => client.learned?.(input, completion),
  ...(client.after === undefined ? {} : { after: () => client.after?.(), pauseMs: () => client.pauseMs?.() ?? 0 }),
})
