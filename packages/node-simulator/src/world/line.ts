import { type Flushed, type Life, runningLife } from './life.ts'
import {
  type AnswerHead,
  type AnswerMessage,
  fieldOf,
  headOf,
  isWhole,
  keepsOpen,
  type LineEnd,
  type PartMessage,
  type RequestLine,
  type RequestMessage,
} from './messages.ts'
import type { Packet, Plug, Wire } from './network.ts'
import { socketError } from './socket.ts'

/** How long the agent of `fetch` keeps an idle connection. */
const LONGEST_IDLE_MS = 5_000
/** Agents stop using a connection this long before the server's keep-alive ends. */
const MARGIN_MS = 1_000

interface Coming {
  readonly head: AnswerHead
  length: number
  part: (body: Buffer) => void
  ended: (error?: Error) => void
}

/** A program's connection for whole requests, one at a time. */
export class MessageLine implements Plug, Flushed, RequestLine {
  readonly #life: Life
  readonly #to: string
  readonly #port: number
  readonly #wire: Wire
  #request: RequestMessage | undefined
  #name: string | undefined
  #method = ''
  #ended: ((end: LineEnd) => void) | undefined
  #isOpen = false
  /** The answer whose body is still arriving. */
  #coming: Coming | undefined
  usableUntil: number = Number.POSITIVE_INFINITY
  closed = false

  private constructor(life: Life, to: string, port: number) {
    this.#life = life
    this.#to = to
    this.#port = port
    life.uses++
    life.sockets.add(this)
    this.#wire = life.network.dial(life.id, to, port, this, true)
  }

  static to(host: string, port: number): RequestLine {
    const life = runningLife()
    const kept = life.lines.get(`${host}:${port}`)
    for (let line = kept?.pop(); line !== undefined; line = kept?.pop()) {
      if (!line.closed && life.world.queue.now < line.usableUntil) return line
      line.close()
    }
    return new MessageLine(life, host, port)
  }

  ask(request: RequestMessage, ended: (end: LineEnd) => void): void {
    this.#request = request
    this.#method = request.method
    this.#name = this.#life.world.requests?.current()
    this.#ended = ended
    if (this.#isOpen) this.#life.wrote(this)
  }

  flush(): void {
    const request = this.#request
    if (request === undefined || this.closed) return
    this.#request = undefined
    this.#life.sent(this.#to)
    this.#wire.send({ type: 'message', message: request, request: this.#name })
  }

  arrive(packet: Packet): void {
    const life = this.#life
    if (life.alive) life.world.deliver(life, () => this.#take(packet))
  }

  #take(packet: Packet): void {
    if (this.closed) {
      if (packet.type === 'message' || packet.type === 'data') this.#wire.send({ type: 'reset' })
      return
    }
    switch (packet.type) {
      case 'opened':
        this.#isOpen = true
        if (this.#request !== undefined) this.#life.wrote(this)
        break
      case 'refused': {
        const where = { address: this.#to, port: this.#port }
        this.#end(
          packet.bytesOnly === true
            ? { type: 'bytes only' }
            : { type: 'failed', error: socketError('connect', 'ECONNREFUSED', where) },
        )
        break
      }
      case 'message':
        if (packet.message.type === 'answer') this.#answered(packet.message)
        else if (packet.message.type === 'part') this.#part(packet.message)
        break
      case 'reset':
        this.#end({ type: 'failed', error: socketError('read', 'ECONNRESET') })
        break
      case 'end':
        this.#end({ type: 'failed', error: Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }) })
        break
    }
  }

  #answered(message: AnswerMessage): void {
    const head = headOf(message)
    if (message.goesOn === true) {
      this.#begun(head, message.body)
      return
    }
    if (!isWhole(this.#method, head, message.body.length)) {
      this.#end({ type: 'failed', error: new Error('the body is not as long as its Content-Length says') })
      return
    }
    const ended = this.#ended
    this.#ended = undefined
    this.#over(head, ended === undefined)
    ended?.({ type: 'answered', received: { head, body: message.body } })
  }

  #begun(head: AnswerHead, body: Buffer): void {
    const ended = this.#ended
    this.#ended = undefined
    const coming: Coming = { head, length: body.length, part() {}, ended() {} }
    this.#coming = coming
    const rest = {
      follow(part: Coming['part'], over: Coming['ended']): void {
        Object.assign(coming, { part, ended: over })
      },
      drop: () => {
        if (this.#coming === coming) this.close()
      },
    }
    if (ended === undefined) this.close()
    ended?.({ type: 'answered', received: { head, body, rest } })
  }

  #part({ body, last }: PartMessage): void {
    const coming = this.#coming
    if (coming === undefined) return
    coming.length += body.length
    if (body.length > 0) coming.part(body)
    if (!last) return
    if (!isWhole(this.#method, coming.head, coming.length)) {
      this.#end({ type: 'failed', error: new Error('the body is not as long as its Content-Length says') })
      return
    }
    this.#coming = undefined
    this.#over(coming.head, false)
    coming.ended()
  }

  /** Ends a request, and keeps the connection for the next if possible. */
  #over(head: AnswerHead, unwanted: boolean): void {
    const grantedMs = Number(/timeout=(\d+)/.exec(fieldOf(head.rawHeaders, 'keep-alive') ?? '')?.[1] ?? 1e6) * 1e3
    const idleMs = Math.min(LONGEST_IDLE_MS, grantedMs - MARGIN_MS)
    if (!keepsOpen(head) || idleMs <= 0 || unwanted) this.close()
    else this.#keep(idleMs)
  }

  #keep(idleMs: number): void {
    const { lines, world, clock } = this.#life
    this.usableUntil = world.queue.now + (idleMs * 1e6) / clock.rate
    const name = `${this.#to}:${this.#port}`
    const kept = lines.get(name)
    if (kept === undefined) lines.set(name, [this])
    else kept.push(this)
  }

  #end(end: LineEnd): void {
    const ended = this.#ended
    const coming = this.#coming
    this.#ended = undefined
    this.#coming = undefined
    this.close()
    ended?.(end)
    if (end.type === 'failed') coming?.ended(end.error)
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.#life.sockets.delete(this)
    this.#wire.send({ type: this.#isOpen ? 'end' : 'reset' })
  }

  /** Resets the connection, as the kernel does when a program ends. */
  forget(): void {
    this.closed = true
    this.#wire.send({ type: 'reset' })
  }
}
