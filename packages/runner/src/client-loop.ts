import type { NodeId, Random } from '@chaos/faults'
import { type Completion, type Input, type Millis, millisToNanos, type Nanos, nanos } from '@chaos/history'
import { Connections } from './connections.ts'
import type { Cancel, Cluster } from './ports.ts'
import type { Recorder } from './recorder.ts'
import { isHarmless, type OperationSource } from './workload.ts'

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
    const input = source.next()
    const node = random.pick(nodes)
    const session = { client: `process-${process}`, sequence }
    const invocation = { process, node, input, harmless: isHarmless(input), session, final: false }
    recorder.invoked(invocation)
    connections.to(node).invoke(invocation, timeoutMs, (completion) => {
      recorder.completed(invocation, completion)
      busy = false
      learn(input, completion)
      if (completion.type === 'info') replaceProcess()
      if (onStopped !== undefined) finish(onStopped)
      else scheduleNext()
    })
  }

  function learn({ f, key = '', value }: Input, completion: Completion): void {
    if (completion.type !== 'ok') return
    const known = f === 'read' ? completion.value : f === 'cas' && Array.isArray(value) ? value[1] : value
    if (known === null || typeof known === 'number') source.observed(key, known)
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
