import type { NodeId, Random } from '@chaosproxy/faults'
import { type Completion, type Input, type Millis, millis, millisToNanos, type Nanos, nanos } from '@chaosproxy/history'
import type { WorkloadClient } from '@chaosproxy/workloads'
import type { Cancel, Clock } from '../ports/cluster.ts'
import type { ClientProcess } from './process.ts'

export interface ClientLoop {
  /** Starts no further operation, waits for the one in flight, then calls back. */
  stop(stopped: () => void): void
  /**
   * Call once stopped: performs what its client still asks for after healing, until `deadline`, closes, then calls
   * back.
   */
  finish(deadline: Nanos, finished: () => void): void
}

interface ClientLoopOptions {
  readonly clock: Clock
  readonly process: ClientProcess
  readonly client: WorkloadClient
  readonly nodes: NodeChoice
  /** Functions that only read: one of them fails only if its node did not answer. */
  readonly reads: readonly string[]
  readonly random: Random
  /** Average time between the starts of two operations. */
  readonly interval: Nanos
}

/** The nodes a load balancer may pick for an operation, or a sticky session that moves once its node does not answer. */
export type NodeChoice =
  | { readonly type: 'any'; readonly of: readonly NodeId[] }
  | { readonly type: 'while up'; readonly home: NodeId; readonly others: readonly NodeId[] }

/**
 * One client: one operation at a time, at a steady pace, never retried. If the cluster is slower than the pace, starts
 * are skipped rather than saved up: a burst after an outage would measure only the burst.
 */
export function startClientLoop(options: ClientLoopOptions): ClientLoop {
  const { clock, process, client, random } = options
  const nodes = createNodePicker(options)
  let asked: Input | undefined
  let onStopped: (() => void) | undefined
  let cancelTimer: Cancel = () => {}

  // Pace from when each operation was due, not from when its timer fired: late timers would otherwise slow the client
  // down.
  let due = clock.now()

  function scheduleNext(): void {
    // Between half an interval and one and a half, so that clients which start together drift apart.
    const pause = options.interval * (0.5 + random.next())
    due = nanos(Math.max(due + pause, clock.now()))
    cancelTimer = clock.at(due, invoke)
  }

  function invoke(): void {
    asked = client.next()
    process.invoke(nodes.pick(), asked, completed)
  }

  function completed(completion: Completion): void {
    if (asked !== undefined) {
      client.learned?.(asked, completion)
      nodes.answered(asked, completion)
    }
    asked = undefined
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
      if (asked !== undefined) onStopped = stopped
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

/** Performs what a client asks for once everything is healed, until `deadline`, closes, then calls back. */
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
        // On a later turn: a client that is answered at once would otherwise never yield.
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

/** The interval at which each of `clients` clients must start operations to reach `rate` a second in total. */
export const intervalFor = (rate: number, clients: number): Nanos => millisToNanos(((clients * 1000) / rate) as Millis)
