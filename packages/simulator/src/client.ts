import { type Completion, type Millis, millisToNanos } from '@chaosproxy/history'
import type { Client, Request } from '@chaosproxy/runner'
import type { Link } from './network.ts'
import type { SimulatedNode } from './node.ts'
import type { Addressee } from './parcel.ts'
import { Call, type EventQueue } from './queue.ts'
import type { Asker } from './unanswered.ts'

export interface ClientOptions {
  /** The client's name, unique in the cluster. */
  readonly name: string
  readonly server: SimulatedNode
  readonly outward: Link
  readonly homeward: Link
  readonly deadlines: Deadlines
}

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

export function createClient(options: ClientOptions): Client {
  let sequence = 0

  return {
    invoke(request, timeoutMs, completed) {
      sequence++
      const exchange = new Exchange(options, sequence, request, timeoutMs, completed)
      options.deadlines.after(timeoutMs).add(exchange)
      options.outward.send(request.input, exchange)
    },
    close() {},
  }
}

/** A request with its reply, which completes exactly once. The server receives this object as the request. */
class Exchange implements Addressee, Asker, Expiring {
  readonly #client: ClientOptions
  readonly #sequence: number
  readonly #request: Request
  readonly #timeoutMs: Millis
  #completed: ((completion: Completion) => void) | undefined

  constructor(
    client: ClientOptions,
    sequence: number,
    request: Request,
    timeoutMs: Millis,
    completed: (completion: Completion) => void,
  ) {
    this.#client = client
    this.#sequence = sequence
    this.#request = request
    this.#timeoutMs = timeoutMs
    this.#completed = completed
  }

  get over(): boolean {
    return this.#completed === undefined
  }

  deliver(): void {
    const { name, server } = this.#client
    if (!server.up) {
      this.#answer('refused')
      return
    }
    const sequence = this.#sequence
    const { input, session = { client: name, sequence } } = this.#request
    server.request(`${name}-${sequence}`, input, session, this)
  }

  replied(result: Completion | undefined): void {
    this.#answer(result)
  }

  answered(answer: Reply): void {
    if (answer === undefined) this.broken()
    else if (answer === 'refused') this.#end({ type: 'fail', error: 'connection refused' })
    else this.#end(answer.type === 'info' ? unknownOutcome(this.#request, answer.error) : answer)
  }

  broken(): void {
    this.#end(unknownOutcome(this.#request, 'connection reset'))
  }

  expire(): void {
    this.#end(unknownOutcome(this.#request, `no answer within ${this.#timeoutMs} ms`))
  }

  #answer(reply: Reply): void {
    this.#client.homeward.send(reply ?? '', new Answer(reply, this))
  }

  #end(completion: Completion): void {
    const completed = this.#completed
    if (completed === undefined) return
    this.#completed = undefined
    completed(completion)
  }
}

/** The reply to a request. Undefined if the node died before it replied: the client then sees a broken connection. */
type Reply = Completion | 'refused' | undefined

class Answer implements Addressee {
  readonly #reply: Reply
  readonly #exchange: Exchange

  constructor(reply: Reply, exchange: Exchange) {
    this.#reply = reply
    this.#exchange = exchange
  }

  deliver(): void {
    this.#exchange.answered(this.#reply)
  }

  broken(): void {
    this.#exchange.broken()
  }
}

const unknownOutcome = ({ harmless }: Request, error: string): Completion =>
  harmless ? { type: 'fail', error } : { type: 'info', error }

interface Expiring {
  readonly over: boolean
  expire(): void
}

/**
 * Timeouts of equal length, in the order of their deadlines. Nearly all are cancelled, so only the earliest is in the
 * event queue.
 */
class Timeouts {
  readonly #queue: EventQueue
  readonly #delay: number
  readonly #waiting: Expiring[] = []
  readonly #dueAt: number[] = []
  #first = 0
  readonly #next: Call = new Call(() => this.#expireDue())

  /** @param delay in nanoseconds. */
  constructor(queue: EventQueue, delay: number) {
    this.#queue = queue
    this.#delay = delay
  }

  add(expiring: Expiring): void {
    const dueAt = this.#queue.now + this.#delay
    this.#waiting.push(expiring)
    this.#dueAt.push(dueAt)
    if (this.#waiting.length - this.#first === 1) this.#queue.schedule(dueAt, this.#next)
  }

  #expireDue(): void {
    const { now } = this.#queue
    for (; this.#first < this.#waiting.length; this.#first++) {
      const first = this.#waiting[this.#first]
      if (first === undefined || first.over) continue
      const dueAt = this.#dueAt[this.#first] ?? now
      if (dueAt > now) {
        this.#queue.schedule(dueAt, this.#next)
        return
      }
      first.expire()
    }
    this.#waiting.length = 0
    this.#dueAt.length = 0
    this.#first = 0
  }
}
