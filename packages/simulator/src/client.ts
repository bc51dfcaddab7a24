import { type Millis, millisToNanos } from '@chaos/history'
import type { StoreCommand, StoreResult } from '@chaos/protocols'
import type { Client, Completion } from '@chaos/runner'
import { type Link, Parcel } from './network.ts'
import type { Asker, SimulatedNode } from './node.ts'
import { Call, type EventQueue } from './queue.ts'
import { Timeouts } from './timeouts.ts'

export interface ClientOptions {
  /** Unique in the cluster: names the client's session, and its requests. */
  readonly name: string
  readonly server: SimulatedNode
  /** Links of its own, in both directions. */
  readonly outward: Link
  readonly homeward: Link
  readonly deadlines: Deadlines
}

/** How long requests may take, for all clients of a cluster. */
export class Deadlines {
  readonly #queue: EventQueue
  readonly #byMs: Map<Millis, Timeouts> = new Map()

  constructor(queue: EventQueue) {
    this.#queue = queue
  }

  after(timeoutMs: Millis): Timeouts {
    let timeouts = this.#byMs.get(timeoutMs)
    if (timeouts === undefined) {
      timeouts = new Timeouts(this.#queue, millisToNanos(timeoutMs))
      this.#byMs.set(timeoutMs, timeouts)
    }
    return timeouts
  }
}

/** A client's connection to one node. */
export function createClient(options: ClientOptions): Client {
  let sequence = 0

  return {
    invoke(command, timeoutMs, completed) {
      sequence++
      const exchange = new Exchange(options, sequence, command, completed)
      exchange.deadline = new Call(() => exchange.end(unknownOutcome(command, `no answer within ${timeoutMs} ms`)))
      options.deadlines.after(timeoutMs).add(exchange.deadline)
      options.outward.send(new Question(command, exchange))
    },
    close() {},
  }
}

/** A request and its answer. It ends once. */
class Exchange implements Asker {
  deadline: Call | undefined
  readonly #client: ClientOptions
  readonly #sequence: number
  readonly #command: StoreCommand
  #completed: ((completion: Completion) => void) | undefined

  constructor(
    client: ClientOptions,
    sequence: number,
    command: StoreCommand,
    completed: (completion: Completion) => void,
  ) {
    this.#client = client
    this.#sequence = sequence
    this.#command = command
    this.#completed = completed
  }

  arrived(): void {
    const { name, server } = this.#client
    if (!server.up) {
      this.#answer('refused')
      return
    }
    const sequence = this.#sequence
    const command = this.#command
    const request = command.session === undefined ? { ...command, session: { client: name, sequence } } : command
    server.request(`${name}-${sequence}`, request, this)
  }

  replied(result: StoreResult | undefined): void {
    this.#answer(result)
  }

  answered(answer: StoreResult | 'refused' | undefined): void {
    if (answer === undefined) this.broken()
    else if (answer === 'refused') this.end({ type: 'fail', error: 'connection refused' })
    else this.end(answer.type === 'info' ? unknownOutcome(this.#command, answer.error) : answer)
  }

  broken(): void {
    this.end(unknownOutcome(this.#command, 'connection reset'))
  }

  end(completion: Completion): void {
    const completed = this.#completed
    if (completed === undefined) return
    this.#completed = undefined
    this.deadline?.cancel()
    completed(completion)
  }

  #answer(answer: StoreResult | 'refused' | undefined): void {
    this.#client.homeward.send(new Answer(answer, this))
  }
}

class Question extends Parcel {
  readonly #exchange: Exchange

  constructor(command: StoreCommand, exchange: Exchange) {
    super(command)
    this.#exchange = exchange
  }

  override deliver(): void {
    this.#exchange.arrived()
  }

  override broken(): void {
    this.#exchange.broken()
  }
}

class Answer extends Parcel {
  readonly #answer: StoreResult | 'refused' | undefined
  readonly #exchange: Exchange

  /** Undefined where the node died first: then all that arrives is the end of the connection. */
  constructor(answer: StoreResult | 'refused' | undefined, exchange: Exchange) {
    super(answer ?? '')
    this.#answer = answer
    this.#exchange = exchange
  }

  override deliver(): void {
    this.#exchange.answered(this.#answer)
  }

  override broken(): void {
    this.#exchange.broken()
  }
}

/** A read without an answer had no effect. */
const unknownOutcome = (command: StoreCommand, error: string): Completion =>
  command.f === 'read' ? { type: 'fail', error } : { type: 'info', error }
