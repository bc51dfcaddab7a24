import type { NodeId, Random } from '@chaosproxy/faults'
import { type Completion, type Input, type Millis, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { WorkloadClient } from '@chaosproxy/workloads'
import type { Cancel, Clock } from '../ports/cluster.ts'
import type { ClientProcess } from './process.ts'

export interface ClientLoop {
  /** Starts no further operation, waits for the one in flight, and calls back. */
  stop(stopped: () => void): void
  /** Performs the operations that the client requests after healing. To be called after `stop`. */
  finish(deadline: Nanos, finished: () => void): void
}

interface ClientLoopOptions {
  readonly clock: Clock
  readonly process: ClientProcess
  readonly client: WorkloadClient
  readonly nodes: NodeChoice
  /** Functions that only read. A failed read means that the node did not answer. */
  readonly reads: readonly string[]
  readonly random: Random
  readonly interval: Nanos
}

/**
 * How a client chooses nodes. `any`: any node for each operation, as behind a load balancer. `while up`: its home node
 * until that node stops answering, as in a sticky session.
 */
export type NodeChoice =
  | { readonly type: 'any'; readonly of: readonly NodeId[] }
  | { readonly type: 'while up'; readonly home: NodeId; readonly others: readonly NodeId[] }

/**
 * Starts a client that performs one operation at a time, at a steady pace, and never retries. A late client skips
 * starts: a burst of delayed operations after each outage would distort the results.
 */
export function startClientLoop(options: ClientLoopOptions): ClientLoop {
  const { clock, process, client, random } = options
  const nodes = createNodePicker(options)
  let input: Input | undefined
  let onStopped: (() => void) | undefined
  let cancelTimer: Cancel = () => {}

  // Each due time is computed from the previous due time. Otherwise, late timers would slow the client down.
  let due = clock.now()

  function scheduleNext(): void {
    // The pause is random, so that clients that start together drift apart.
    const pause = options.interval * (0.5 + random.next())
    due = nanos(Math.max(due + pause, clock.now()))
    cancelTimer = clock.at(due, invoke)
  }

  function invoke(): void {
    input = client.next()
    process.invoke(nodes.pick(), input, completed)
  }

  function completed(completion: Completion): void {
    if (input !== undefined) {
      client.learned?.(input, completion)
      nodes.answered(input, completion)
    }
    input = undefined
    if (onStopped !== undefined) halt(onStopped)
    else scheduleNext()
  }

  function halt(stopped: () => void): void {
    cancelTimer()
    if (client.after === undefined) process.close()
    stopped()
  }

  scheduleNext()
  return {
    stop(stopped) {
      if (input !== undefined) onStopped = stopped
      else halt(stopped)
    },
    finish(deadline, finished) {
      if (client.after === undefined) {
        finished()
        return
      }
      finishClient({ clock, process, client, pick: nodes.pick }, deadline, finished)
    },
  }
}

interface FinishOptions extends Pick<ClientLoopOptions, 'clock' | 'process' | 'client'> {
  readonly pick: () => NodeId
}

/** Performs the operations that a client requests after healing, and closes the client. */
export function finishClient(
  { clock, process, client, pick }: FinishOptions,
  deadline: Nanos,
  finished: () => void,
): void {
  process.becomeFinal()
  const next = (): void => {
    const input = clock.now() < deadline ? client.after?.() : undefined
    if (input === undefined) {
      process.close()
      finished()
    } else
      process.invoke(pick(), input, (completion) => {
        client.learned?.(input, completion)
        // The next operation starts in a later turn, because a client with synchronous answers would otherwise never
        // yield.
        clock.at(nanos(clock.now() + millisToNanos(millis(client.pauseMs?.() ?? 0))), next)
      })
  }
  next()
}

interface NodePicker {
  pick(): NodeId
  answered(input: Input, completion: Completion): void
}

function createNodePicker({ nodes, reads, random }: ClientLoopOptions): NodePicker {
  if (nodes.type === 'any') return { pick: () => random.pick(nodes.of), answered() {} }
  let { home, others } = nodes
  return {
    pick: () => home,
    answered({ f }, { type }) {
      const isSilent = type === 'info' || (type === 'fail' && reads.includes(f))
      if (!isSilent || others.length === 0) return
      const left = home
      home = random.pick(others)
      others = [...others.filter((node) => node !== home), left]
    },
  }
}

/** Returns the interval between the operations of each client, for a total `rate` per second. */
export const intervalFor = (rate: number, clients: number): Nanos => millisToNanos(((clients * 1000) / rate) as Millis)
