import { millisToNanos } from '@chaos/history'
import type { StoreCommand, StoreResult } from '@chaos/protocols'
import type { Client, Completion } from '@chaos/runner'
import { type Link, Parcel } from './network.ts'
import type { SimulatedNode } from './node.ts'
import { Call, type EventQueue } from './queue.ts'

export interface ClientOptions {
  /** Unique in the cluster: names the client's session, and its requests. */
  readonly name: string
  readonly server: SimulatedNode
  /** Links of its own, in both directions. */
  readonly outward: Link
  readonly homeward: Link
  readonly queue: EventQueue
}

/** A client's connection to one node. */
export function createClient({ name, server, outward, homeward, queue }: ClientOptions): Client {
  let sequence = 0

  return {
    invoke(command, timeoutMs, completed) {
      sequence++
      const session = command.session ?? { client: name, sequence }
      const request: StoreCommand = command.session === undefined ? { ...command, session } : command
      let done = false
      const end = (completion: Completion) => {
        if (done) return
        done = true
        timeout.cancel()
        completed(completion)
      }
      const timeout = new Call(() => end(unknownOutcome(command, `no answer within ${timeoutMs} ms`)))
      queue.schedule(queue.now + millisToNanos(timeoutMs), timeout)
      const broken = () => end(unknownOutcome(command, 'connection reset'))
      const refused = () => end({ type: 'fail', error: 'connection refused' })

      const replied = (result: StoreResult | undefined) => {
        if (result === undefined) homeward.send(new ClientParcel(result, broken, broken))
        else homeward.send(new ClientParcel(result, () => end(completionOf(command, result)), broken))
      }
      const arrived = () => {
        if (server.up) server.request(`${name}-${session.sequence}`, request, replied)
        else homeward.send(new ClientParcel('refused', refused, refused))
      }
      outward.send(new ClientParcel(command, arrived, broken))
    },
    close() {},
  }
}

/** What a client sends, or is sent. */
class ClientParcel extends Parcel {
  readonly #deliver: () => void
  readonly #broken: () => void

  constructor(message: unknown, deliver: () => void, broken: () => void) {
    super(message)
    this.#deliver = deliver
    this.#broken = broken
  }

  override deliver(): void {
    this.#deliver()
  }

  override broken(): void {
    this.#broken()
  }
}

function completionOf(command: StoreCommand, result: StoreResult): Completion {
  return result.type === 'info' ? unknownOutcome(command, result.error) : result
}

/** A read without an answer had no effect. */
const unknownOutcome = (command: StoreCommand, error: string): Completion =>
  command.f === 'read' ? { type: 'fail', error } : { type: 'info', error }
