import type { NodeId } from '@chaos/faults'
import { millisToNanos, type Nanos, nanos } from '@chaos/history'
import type { StoreCommand, StoreResult } from '@chaos/protocols'
import type { Client, Completion } from '@chaos/runner'
import type { Network } from './network.ts'
import type { SimulatedNode } from './node.ts'
import type { EventQueue } from './queue.ts'

export interface ClientOptions {
  /** Unique in the cluster: names the client's session, and its requests. */
  readonly name: string
  readonly node: NodeId
  readonly server: SimulatedNode
  readonly network: Network
  readonly queue: EventQueue
  readonly now: () => Nanos
}

/** A client's connection to one node, over links of its own in both directions. */
export function createClient({ name, node, server, network, queue, now }: ClientOptions): Client {
  let sequence = 0

  return {
    invoke(command, timeoutMs, completed) {
      sequence++
      const session = command.session ?? { client: name, sequence }
      const complete = once(completed)
      const timeout = queue.schedule(nanos(now() + millisToNanos(timeoutMs)), () =>
        complete(unknownOutcome(command, `no answer within ${timeoutMs} ms`)),
      )
      const end = (completion: Completion) => {
        timeout.run = undefined
        complete(completion)
      }
      const broken = () => end(unknownOutcome(command, 'connection reset'))
      const replied = (result: StoreResult | undefined) =>
        network.send(node, 'clients', {
          message: result,
          deliver: () => (result === undefined ? broken() : end(completionOf(command, result))),
          broken,
        })
      network.send('clients', node, {
        message: command,
        deliver() {
          if (server.up) server.request(`${name}-${session.sequence}`, { ...command, session }, replied)
          else
            network.send(node, 'clients', {
              message: 'refused',
              deliver: () => end({ type: 'fail', error: 'connection refused' }),
              broken: () => end({ type: 'fail', error: 'connection refused' }),
            })
        },
        broken,
      })
    },
    close() {},
  }
}

function completionOf(command: StoreCommand, result: StoreResult): Completion {
  return result.type === 'info' ? unknownOutcome(command, result.error) : result
}

/** A read without an answer had no effect. */
const unknownOutcome = (command: StoreCommand, error: string): Completion =>
  command.f === 'read' ? { type: 'fail', error } : { type: 'info', error }

function once(completed: (completion: Completion) => void): (completion: Completion) => void {
  let done = false
  return (completion) => {
    if (done) return
    done = true
    completed(completion)
  }
}
