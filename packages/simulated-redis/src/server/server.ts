import { isNoCommand, readRespCommand, resp } from '@chaosproxy/wire'
import { hasJobs } from '../jobs.ts'
import { printReply } from '../reply.ts'
import { createSession, type Session } from '../session.ts'
import { Store } from '../store.ts'
import { Disk } from './disk.ts'
import { disconnect, execute, giveUp } from './execute.ts'

export interface ServerOptions {
  /** Returns the whole milliseconds since 1970 by the server's clock. */
  now(): number
  /** Returns the nanoseconds of a monotonic clock. Written data is fsynced at every whole second of this clock. */
  uptime(): number
  /** Calls `run` after `ms` milliseconds of the server's clock; returns a function that cancels the call. */
  after(ms: number, run: () => void): () => void
  /**
   * Returns a random number in [0, 1), by which `SPOP`, for example, chooses an element. Returns the same number for
   * the same `draw`.
   */
  random(draw: number): number
}

/** Receives the data that a connection sends to its client. */
export interface ConnectionListener {
  data(bytes: Buffer): void
  /** The server closes. */
  end(): void
  /** Called when the server is killed: the kernel resets open connections. */
  reset(): void
}

export interface Connection {
  readonly isClosed: boolean
  /** @throws UnknownCommand for a command or option that the server does not know. */
  receive(bytes: Buffer): void
  /** Closes the connection from the client's side, with a FIN or by a reset. */
  close(politely: boolean): void
}

/**
 * A Redis with `appendonly yes` and `appendfsync everysec`. A kill loses no executed command, because each command is
 * written before its reply. A power loss may lose the commands of the last second.
 *
 * The caller must call `endTurn` each time it has passed bytes to a connection, and after every callback of `after`.
 */
export interface Server {
  /** Whether a BullMQ job is waiting for a worker or being processed. */
  readonly isBusy: boolean
  start(): void
  connect(listener: ConnectionListener): Connection
  /** Sends all replies of a turn at the end of the turn. Returns whether the turn changed data. */
  endTurn(): boolean
  /** Closes every connection and removes loaded scripts. */
  kill(): void
  /**
   * Simulates a power loss. Of the commands that were not fsynced, only the first `kept(written)` survive, because
   * Redis drops everything after a gap in its file.
   */
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

  /** Sends the replies. Closes the connection, or starts or ends a wait, if the session demands it. */
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

/** Returns the words of a command, one byte per character; undefined if the frame is malformed. */
export function wordsOf(frame: Buffer): readonly string[] | undefined {
  if (isNoCommand(frame)) return []
  return readRespCommand(frame)?.map((word) => (typeof word === 'string' ? Buffer.from(word) : word).toString('latin1'))
}
