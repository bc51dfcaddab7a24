import type { NodeId, Random } from '@chaos/faults'
import { type Completion, type Input, type Millis, millisToNanos, type Nanos, nanos } from '@chaos/history'
import type { WorkloadClient } from '@chaos/workloads'
import type { Cancel, Clock } from './ports.ts'
import type { ClientProcess } from './process.ts'

export interface ClientLoop {
  /** Lets the operation in flight end, starts no other, and then calls back. */
  stop(stopped: () => void): void
}

interface ClientLoopOptions {
  readonly clock: Clock
  readonly process: ClientProcess
  readonly client: WorkloadClient
  /** One, or all that a load balancer may send this client's operations to. */
  readonly nodes: readonly NodeId[]
  readonly random: Random
  /** Between the starts of two operations, on average. */
  readonly interval: Nanos
}

/**
 * One client at work: an operation at a time, at a steady pace, never retried. Where the cluster is slower than the pace,
 * starts are skipped, not saved up: a burst after an outage would measure the burst.
 */
export function startClientLoop(options: ClientLoopOptions): ClientLoop {
  const { clock, process, client, nodes, random } = options
  let asked: Input | undefined
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
    asked = client.next()
    process.invoke(random.pick(nodes), asked, completed)
  }

  function completed(completion: Completion): void {
    if (asked !== undefined) client.learned?.(asked, completion)
    asked = undefined
    if (onStopped !== undefined) finish(onStopped)
    else scheduleNext()
  }

  function finish(stopped: () => void): void {
    cancelTimer()
    process.close()
    stopped()
  }

  scheduleNext()
  return {
    stop(stopped) {
      if (asked !== undefined) onStopped = stopped
      else finish(stopped)
    },
  }
}

/** The pause between two operations of one client such that all together make `rate` a second. */
export const intervalFor = (rate: number, clients: number): Nanos => millisToNanos(((clients * 1000) / rate) as Millis)
