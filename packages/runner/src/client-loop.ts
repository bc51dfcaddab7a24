import type { NodeId, Random } from '@chaos/faults'
import { type Millis, millisToNanos, type Nanos, nanos } from '@chaos/history'
import { inSession, type StoreCommand } from '@chaos/protocols'
import { Connections } from './connections.ts'
import type { Cancel, Cluster, Completion } from './ports.ts'
import type { Recorder } from './recorder.ts'
import type { OperationSource } from './workload.ts'

export interface ClientLoop {
  /** Lets the operation in flight end, starts no other, and then calls back. */
  stop(stopped: () => void): void
}

interface ClientLoopOptions {
  readonly cluster: Cluster
  readonly recorder: Recorder
  readonly source: OperationSource
  /** One, or all that a load balancer may send this client's operations to. */
  readonly nodes: readonly NodeId[]
  readonly random: Random
  /** Between the starts of two operations, on average. */
  readonly interval: Nanos
  readonly timeoutMs: Millis
}

/**
 * One client at work: an operation at a time, at a steady pace, never retried. After an `info` its process
 * is retired and a new one goes on. Where the cluster is slower than the pace, starts are skipped, not saved up: a
 * burst after an outage would measure the burst.
 */
export function startClientLoop(options: ClientLoopOptions): ClientLoop {
  const { cluster, recorder, source, nodes, random, timeoutMs } = options
  const { clock } = cluster
  const connections = new Connections(cluster)
  let process = recorder.newProcess()
  let sequence = 0
  let busy = false
  let onStopped: (() => void) | undefined
  let cancelTimer: Cancel = () => {}

  // Paced from when each operation was due, not from when its timer came: else every timer's lateness would slow it.
  let due = clock.now()

  function scheduleNext(): void {
    // Half to one and a half intervals: clients that began together do not stay in step.
    const pause = options.interval * (0.5 + random.next())
    due = nanos(Math.max(due + pause, clock.now()))
    cancelTimer = clock.at(due, invoke)
  }

  function invoke(): void {
    busy = true
    sequence += 1
    // Whoever retries within the cluster may repeat a request: its session lets it be carried out once.
    const command = inSession(source.next(), { client: `process-${process}`, sequence })
    const node = random.pick(nodes)
    const invocation = { process, node, command, final: false }
    recorder.invoked(invocation)
    connections.to(node).invoke(command, timeoutMs, (completion) => {
      recorder.completed(invocation, completion)
      busy = false
      learn(command, completion)
      if (completion.type === 'info') replaceProcess()
      if (onStopped !== undefined) finish(onStopped)
      else scheduleNext()
    })
  }

  function learn(command: StoreCommand, completion: Completion): void {
    if (completion.type !== 'ok') return
    if (command.f === 'read' && (completion.value === null || typeof completion.value === 'number'))
      source.observed(command.key, completion.value)
    if (command.f === 'write' && typeof command.value === 'number') source.observed(command.key, command.value)
    if (command.f === 'cas' && typeof command.new === 'number') source.observed(command.key, command.new)
  }

  function replaceProcess(): void {
    connections.close()
    process = recorder.newProcess()
    sequence = 0
  }

  function finish(stopped: () => void): void {
    cancelTimer()
    connections.close()
    stopped()
  }

  scheduleNext()
  return {
    stop(stopped) {
      if (busy) onStopped = stopped
      else finish(stopped)
    },
  }
}

/** The pause between two operations of one client such that all together make `rate` a second. */
export const intervalFor = (rate: number, clients: number): Nanos => millisToNanos(((clients * 1000) / rate) as Millis)
