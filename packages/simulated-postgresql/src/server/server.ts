import { type FrontendMessage, frontendReader } from '@chaosproxy/wire/postgresql'
import type { Engine, Session } from '../session/session.ts'
import { SqlError } from '../sql/error.ts'
import { converse } from './conversation.ts'
import { type Pause, Peer } from './peer.ts'

export interface ServerOptions {
  readonly engine: Engine
  /** Calls back in virtual time, in a turn of the server. Returns what prevents it. */
  readonly after: (micros: number, run: () => void) => () => void
  /** How long a statement takes, in microseconds. */
  readonly costOf: (sql: string) => number
  /** How long a session takes to go on after a wait, in microseconds. */
  readonly wakesAfter: () => number
  /** A statement that is not simulated: the client gets an error. */
  readonly unsupported: (sql: string, construct: string) => void
  readonly maxConnections: number
}

/** The server's end of one connection: bytes in, bytes out. */
export interface Connection {
  receive(bytes: Buffer): void
  /** The client closed it, or it broke. A statement that runs goes on until it ends. */
  closed(): void
  /** The server was killed. */
  drop(): void
}

/** What a connection sends. */
export interface ConnectionSink {
  send(bytes: Buffer): void
  /** The server closes the connection. */
  end(): void
}

export interface Server {
  accept(sink: ConnectionSink): Connection
}

const LONGEST_MESSAGE_BYTES = 1 << 26

/** PostgreSQL's protocol 3 over the sessions of an engine. */
export function createServer(options: ServerOptions): Server {
  const talking = new Map<number, Backend>()
  return {
    accept: (sink) => new Backend(options, { sink, talking }),
  }
}

interface Around {
  readonly sink: ConnectionSink
  /** All connections with a session, by their process. */
  readonly talking: Map<number, Backend>
}

class Backend implements Connection {
  readonly #options: ServerOptions
  readonly #around: Around
  readonly #peer: Peer
  readonly #reader = frontendReader(LONGEST_MESSAGE_BYTES)
  readonly #conversation: Generator<Pause, void>
  #session: Session | undefined
  /** What it waits for; undefined for a message. */
  #giveUp: (() => void) | undefined
  #isOver = false

  constructor(options: ServerOptions, around: Around) {
    const { engine, maxConnections, unsupported } = options
    const { sink, talking } = around
    this.#options = options
    this.#around = around
    this.#peer = new Peer((bytes) => sink.send(bytes))
    this.#conversation = converse({
      ...{ engine, peer: this.#peer, unsupported },
      began: (session) => {
        this.#session = session
        talking.set(session.pid, this)
      },
      cancel: (pid, secret) => talking.get(pid)?.cancel(secret),
      isFull: () => talking.size >= maxConnections,
    })
    this.#advance()
  }

  receive(bytes: Buffer): void {
    for (const message of this.#read(bytes)) this.#peer.push(message)
    this.#heard()
  }

  #read(bytes: Buffer): readonly (FrontendMessage | { readonly kind: 'malformed'; readonly why: string })[] {
    try {
      return this.#reader.read(bytes)
    } catch (error) {
      return [{ kind: 'malformed', why: (error as Error).message }]
    }
  }

  closed(): void {
    this.#peer.push({ kind: 'closed' })
    this.#heard()
  }

  cancel(secret: number): void {
    if (secret !== this.#session?.secret || this.#giveUp === undefined) return
    this.#giveUp()
    this.#giveUp = undefined
    this.#advance(new SqlError('57014', 'canceling statement due to user request'))
  }

  drop(): void {
    this.#isOver = true
    this.#giveUp?.()
    if (this.#session !== undefined) this.#around.talking.delete(this.#session.pid)
  }

  #heard(): void {
    if (!this.#isOver && this.#giveUp === undefined) this.#advance()
  }

  /** Goes on until it waits. */
  #advance(error?: SqlError): void {
    let step = error === undefined ? this.#conversation.next() : this.#conversation.throw(error)
    while (step.done !== true) {
      const pause = step.value
      if ('kind' in pause && pause.kind === 'message') {
        if (!this.#peer.hasMessage) return
        step = this.#conversation.next()
      } else {
        this.#wait(pause)
        return
      }
    }
    this.#isOver = true
    if (this.#session !== undefined) this.#around.talking.delete(this.#session.pid)
    if (!this.#peer.isGone) this.#around.sink.end()
  }

  #wait(pause: Exclude<Pause, { readonly kind: 'message' }>): void {
    const { after, costOf, wakesAfter } = this.#options
    const goOn = (): void => {
      this.#giveUp = undefined
      this.#advance()
    }
    if ('kind' in pause) this.#giveUp = after(costOf(pause.sql), goOn)
    else
      this.#giveUp = pause.ready(() => {
        // In a turn of its own: it is called in that of the session which released a lock.
        this.#giveUp = after(wakesAfter(), goOn)
      })
  }
}
