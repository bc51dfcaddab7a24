import { type FrontendMessage, frontendReader } from '@chaosproxy/wire/postgresql'
import type { Engine, Session } from '../session/session.ts'
import { SqlError } from '../sql/error.ts'
import { converse } from './conversation.ts'
import { type Pause, Peer } from './peer.ts'
import { fatal } from './report.ts'

export interface ServerOptions {
  readonly engine: Engine
  /** Calls `run` after a virtual time. The result cancels the call. */
  readonly after: (micros: number, run: () => void) => () => void
  /** Returns the duration of a statement in microseconds. */
  readonly costOf: (sql: string) => number
  /** Returns the microseconds that a session needs to continue after a wait. */
  readonly wakesAfter: () => number
  /** Called for a statement that is not simulated. */
  readonly unsupported: (sql: string, construct: string) => void
  readonly maxConnections: () => number
  /**
   * Called before a client is told that its writes are committed. If the result is true, the connection ends and the
   * client is not told.
   */
  readonly losesReply: (pid: number) => boolean
  readonly isStarting: () => boolean
}

/** The server side of one connection: receives and sends bytes. */
export interface Connection {
  /** The process id of the connection's session; undefined before the session starts. */
  readonly pid: number | undefined
  /** Whether a statement is running or a transaction is open. */
  readonly isBusy: boolean
  /** Whether the open transaction has changed or locked a row. */
  readonly hasWritten: boolean
  receive(bytes: Buffer): void
  /** Called when the client closes the connection or it breaks. A running statement continues to its end. */
  closed(): void
  /** Called when the server is killed. */
  drop(): void
  /** Called at an orderly shutdown: the client receives 57P01 and the connection ends. */
  shutDown(): void
}

interface ConnectionSink {
  send(bytes: Buffer): void
  end(): void
}

export interface Server {
  accept(sink: ConnectionSink): Connection
}

const LONGEST_MESSAGE_BYTES = 1 << 26

/** Serves PostgreSQL's protocol 3 over the sessions of an engine. */
export function createServer(options: ServerOptions): Server {
  const talking = new Map<number, Backend>()
  return {
    accept: (sink) => new Backend(options, { sink, talking }),
  }
}

interface Around {
  readonly sink: ConnectionSink
  readonly talking: Map<number, Backend>
}

class Backend implements Connection {
  readonly #options: ServerOptions
  readonly #around: Around
  readonly #peer: Peer
  readonly #reader = frontendReader(LONGEST_MESSAGE_BYTES)
  readonly #conversation: Generator<Pause, void>
  #session: Session | undefined
  #waits: 'message' | 'cost' | 'database' = 'message'
  #giveUp: (() => void) | undefined
  #isOver = false

  constructor(options: ServerOptions, around: Around) {
    const { engine, maxConnections, losesReply, unsupported, isStarting } = options
    const { sink, talking } = around
    this.#options = options
    this.#around = around
    this.#peer = new Peer((bytes) => sink.send(bytes))
    this.#conversation = converse({
      ...{ engine, peer: this.#peer, unsupported, losesReply },
      began: (session) => {
        this.#session = session
        talking.set(session.pid, this)
      },
      terminated: (error) => this.#terminate(error),
      cancel: (pid, secret) => talking.get(pid)?.cancel(secret),
      unwilling() {
        if (isStarting()) return fatal('57P03', 'the database system is starting up')
        return talking.size < maxConnections() ? undefined : fatal('53300', 'sorry, too many clients already')
      },
    })
    this.#advance()
  }

  get pid(): number | undefined {
    return this.#session?.pid
  }

  get isBusy(): boolean {
    return this.#waits !== 'message' || (this.#session?.status() ?? 'idle') !== 'idle'
  }

  get hasWritten(): boolean {
    return this.#session?.hasWritten === true
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
    const session = this.#session
    if (session === undefined || session.secret !== secret) return
    if (this.#waits === 'cost') this.#fail(new SqlError('57014', 'canceling statement due to user request'))
    else if (this.#waits === 'database') this.#options.engine.cancel(session.pid, secret)
  }

  #fail(error: SqlError): void {
    this.#giveUp?.()
    this.#giveUp = undefined
    this.#advance(error)
  }

  #terminate(error: SqlError): void {
    // The current step of the simulation belongs to another session. The terminated session therefore ends in a later
    // step.
    this.#options.after(this.#options.wakesAfter(), () => {
      if (!this.#isOver) this.#fail(error)
    })
  }

  drop(): void {
    this.#isOver = true
    this.#giveUp?.()
    this.#left()
  }

  shutDown(): void {
    if (!this.#isOver) this.#fail(fatal('57P01', 'terminating connection due to administrator command'))
  }

  #left(): void {
    if (this.#session !== undefined) this.#around.talking.delete(this.#session.pid)
  }

  #heard(): void {
    if (!this.#isOver && this.#waits === 'message') this.#advance()
  }

  #advance(error?: SqlError): void {
    let step = error === undefined ? this.#conversation.next() : this.#conversation.throw(error)
    while (step.done !== true) {
      const pause = step.value
      if ('ready' in pause || pause.kind === 'cost') {
        this.#wait(pause)
        return
      }
      this.#waits = 'message'
      if (!this.#peer.hasMessage) return
      step = this.#conversation.next()
    }
    this.#isOver = true
    this.#left()
    if (!this.#peer.isGone) this.#around.sink.end()
  }

  /** Calls `goOn` after the duration of a statement. If `statement_timeout` ends first, reports an error instead. */
  #afterCost(micros: number, goOn: () => void): () => void {
    const limit = (this.#session?.statementTimeoutMs ?? 0) * 1_000
    if (limit === 0 || micros < limit) return this.#options.after(micros, goOn)
    const late = new SqlError('57014', 'canceling statement due to statement timeout')
    return this.#options.after(limit, () => this.#fail(late))
  }

  #wait(pause: Exclude<Pause, { readonly kind: 'message' }>): void {
    const { after, costOf, wakesAfter } = this.#options
    const goOn = (): void => {
      this.#giveUp = undefined
      this.#advance()
    }
    this.#waits = 'ready' in pause ? 'database' : 'cost'
    if (!('ready' in pause)) {
      this.#giveUp = this.#afterCost(costOf(pause.sql), goOn)
      return
    }
    let isAwaited = true
    this.#giveUp = () => {
      isAwaited = false
    }
    pause.ready(() => {
      // The conversation continues in a separate step, because the current step belongs to the session that released
      // the lock.
      if (isAwaited) this.#giveUp = after(wakesAfter(), goOn)
      isAwaited = false
    })
  }
}
