import { isNoCommand, readRespCommand, resp } from '@chaosproxy/wire'
import { hasJobs } from '../jobs.ts'
import { printReply } from '../reply.ts'
import { createSession, type Session } from '../session.ts'
import { Store } from '../store.ts'
import { Disk } from './disk.ts'
import { disconnect, execute, giveUp } from './execute.ts'

export interface ServerOptions {
  /** Milliseconds since 1970 by the server's clock, whole. */
  now(): number
  /** Nanoseconds by a clock that is never set; every whole second, what was written is fsynced. */
  uptime(): number
  /** Calls `run` in so many milliseconds of the server's clock; the function that it returns cancels. */
  after(ms: number, run: () => void): () => void
  /** The draw of this number, from 0 to 1 (exclusive): which element `SPOP` takes. Equal for equal numbers. */
  random(draw: number): number
}

/** What a connection sends to its client. */
export interface ConnectionListener {
  data(bytes: Buffer): void
  /** The server closes. */
  end(): void
  /** The server was killed: the kernel resets what is open. */
  reset(): void
}

export interface Connection {
  readonly isClosed: boolean
  /** @throws UnknownCommand for a command or option that the server does not know. */
  receive(bytes: Buffer): void
  /** The client closes, politely or by a reset. */
  close(politely: boolean): void
}

/**
 * A Redis with `appendonly yes` and `appendfsync everysec`: a kill loses no executed command, since each was written
 * before its reply; a power loss may lose those of the last second.
 *
 * Whoever hands it bytes, or calls back what it asked for by `after`, ends the turn with `endTurn`.
 */
export interface Server {
  /** Whether a job of BullMQ waits for a worker, or has one. */
  readonly isBusy: boolean
  start(): void
  connect(listener: ConnectionListener): Connection
  /** Sends the replies of a turn, all at its end; returns whether the turn changed data. */
  endTurn(): boolean
  /** Closes every connection, and forgets loaded scripts. */
  kill(): void
  /** Of what was written but not fsynced, keeps the first `kept(written)`: Redis drops what follows a hole in its file. */
  losePower(kept: (written: number) => number): void
}

export function createServer(options: ServerOptions): Server {
  const connections = new Set<ServedConnection>()
  let store = new Store(options.random)
  const disk = new Disk(store.copy())
  let accepted = 0
  const closed = (connection: ServedConnection): void => {
    connections.delete(connection)
    disconnect(store, connection.session)
  }
  return {
    get isBusy() {
      return hasJobs(store, options.now())
    },
    start() {
      store.journal = []
    },
    connect(listener) {
      accepted++
      const connection = new ServedConnection(createSession(accepted), listener, {
        execute: (session, words) => execute(store, session, words, options.now()),
        giveUp: (session) => giveUp(store, session, options.now()),
        after: (ms, run) => options.after(ms, run),
        closed,
      })
      connections.add(connection)
      return connection
    },
    endTurn() {
      const now = options.uptime()
      disk.fsync(now)
      const changes = store.journal?.splice(0) ?? []
      for (const change of changes) disk.write(now, change)
      for (const connection of [...connections]) connection.flush()
      return changes.length > 0
    },
    kill() {
      for (const connection of connections) connection.reset()
      for (const connection of [...connections]) closed(connection)
      store.scripts.clear()
    },
    losePower(kept) {
      disk.fsync(options.uptime())
      store = disk.losePower(kept)
    },
  }
}

interface Served {
  execute(session: Session, words: readonly string[]): void
  giveUp(session: Session): void
  after(ms: number, run: () => void): () => void
  closed(connection: ServedConnection): void
}

class ServedConnection implements Connection {
  readonly session: Session
  readonly #listener: ConnectionListener
  readonly #server: Served
  readonly #scanner = resp.scanner('requests')
  #bytes: Buffer = Buffer.alloc(0)
  #scanned = 0
  #cancelWait: (() => void) | undefined
  #waitsFor: Session['waiting']
  isClosed = false

  constructor(session: Session, listener: ConnectionListener, server: Served) {
    this.session = session
    this.#listener = listener
    this.#server = server
  }

  receive(bytes: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? bytes : Buffer.concat([this.#bytes, bytes])
    while (!this.session.closing) {
      const end = this.#scanner.scan(this.#bytes, this.#scanned)
      if (end === -1) {
        this.#scanned = this.#bytes.length
        return
      }
      const words = end < 0 ? undefined : wordsOf(this.#bytes.subarray(0, end))
      if (words === undefined) {
        this.session.outbox.push({ error: 'ERR Protocol error: expected an array of bulk strings' })
        this.session.closing = true
        return
      }
      this.#bytes = this.#bytes.subarray(end)
      this.#scanned = 0
      if (words.length > 0) this.#server.execute(this.session, words)
    }
  }

  /** Sends the replies, and starts or ends a wait. */
  flush(): void {
    const { session } = this
    if (session.outbox.length > 0) {
      const text = session.outbox.map((reply) => printReply(reply, session.protocol)).join('')
      session.outbox = []
      this.#listener.data(Buffer.from(text, 'latin1'))
    }
    if (session.closing) this.close(true)
    else if (session.waiting !== this.#waitsFor) this.#wait(session.waiting)
  }

  #wait(waiting: Session['waiting']): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#waitsFor = waiting
    if (waiting === undefined || waiting.timeoutMs === 0) return
    this.#cancelWait = this.#server.after(waiting.timeoutMs, () => this.#server.giveUp(this.session))
  }

  close(politely: boolean): void {
    this.isClosed = true
    this.#cancelWait?.()
    this.#server.closed(this)
    if (politely) this.#listener.end()
  }

  reset(): void {
    this.isClosed = true
    this.#cancelWait?.()
    this.#listener.reset()
  }
}

/** The words of a command, one byte per character; none for an empty line, undefined if it cannot be read. */
export function wordsOf(frame: Buffer): readonly string[] | undefined {
  if (isNoCommand(frame)) return []
  return readRespCommand(frame)?.map((word) => (typeof word === 'string' ? Buffer.from(word) : word).toString('latin1'))
}
