import type { NodeId } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import { Call, EventQueue, SimulatedNetwork, streamOf } from '@chaosproxy/simulator'
import type { MachineClock } from '../../network/clock.ts'
import type { Message } from './message.ts'
import type { Latency } from './settings.ts'

interface SwitchboardOptions {
  readonly nodes: readonly NodeId[]
  readonly clock: MachineClock
  readonly seed: number
  /** The latency of messages between nodes. As in Maelstrom, all other messages arrive without latency. */
  readonly latency: Latency
  deliver(message: Message): void
}

/** The simulator's network, whose messages arrive by the machine's clock instead of virtual time. */
export interface Switchboard {
  readonly network: SimulatedNetwork
  send(from: NodeId | 'clients', to: NodeId | 'clients', message: Message): void
  now<T>(change: (time: Nanos) => T): T
  sent(): number
}

export function createSwitchboard(options: SwitchboardOptions): Switchboard {
  const { nodes, clock, seed, latency, deliver } = options
  const queue = new EventQueue()
  const network = new SimulatedNetwork(queue, {
    belief: { misled: false },
    seed: streamOf(seed, 'network'),
    ...latency,
    endpoints: [...nodes, 'clients'],
  })
  let between = 0
  let wakesAt = Number.POSITIVE_INFINITY
  let isRunning = false

  /** Processes all due events, and advances the queue to the machine's time. */
  function catchUp(): void {
    if (isRunning) return
    isRunning = true
    try {
      const time = clock.now()
      while (queue.nextTime <= time) queue.advance()
      if (time > queue.now) queue.now = time
    } finally {
      isRunning = false
    }
  }

  function wake(): void {
    const next = queue.nextTime
    if (next >= wakesAt) return
    wakesAt = next
    clock.at(nanos(next), () => {
      wakesAt = Number.POSITIVE_INFINITY
      catchUp()
      wake()
    })
  }

  function now<T>(change: (time: Nanos) => T): T {
    catchUp()
    const result = change(queue.now)
    catchUp()
    wake()
    return result
  }

  const addressee = { deliver: (message: unknown) => deliver(message as Message), broken() {} }

  return {
    network,
    now,
    sent: () => between,
    send(from, to, message) {
      if (from !== 'clients' && to !== 'clients') between++
      now(() => {
        if (from === to) queue.schedule(queue.now, new Call(() => addressee.deliver(message)))
        else network.link(from, to).send(message, addressee)
      })
    },
  }
}
