import type { NodeId } from '@chaosproxy/faults'
import { createRandom } from '@chaosproxy/faults'
import { fate, NodeClock, streamOf } from '@chaosproxy/simulator'
import { isNoCommand, readRespCommand, resp } from '@chaosproxy/wire'
import { REDIS, REDIS_PORT } from '../../declared/hosts.ts'
import { NotSimulated } from '../../refusal.ts'
import type { Unsynced } from '../../world/blows.ts'
import type { Host, Network, Packet, Plug, Wire } from '../../world/network.ts'
import type { Keeper } from '../../world/quiet.ts'
import type { Actor, World } from '../../world/world.ts'
import { UnknownCommand } from '../failures.ts'
import { hasJobs } from '../jobs.ts'
import { printReply } from '../reply.ts'
import { createSession, type Session } from '../session.ts'
import { type Change, Store } from '../store.ts'
import { disconnect, execute, giveUp, redo } from './execute.ts'

/** How often `appendfsync everysec` writes to disk. */
const FSYNC_NANOS = 1e9

export interface RedisOptions {
  readonly world: World
  readonly network: Network
  readonly seed: number
}

/**
 * A Redis with `appendonly yes` and `appendfsync everysec`: a kill loses no executed command, since each was written
 * before its reply; a power loss may lose those of the last second.
 */
export class RedisNode implements Actor, Keeper {
  readonly id: NodeId = REDIS
  readonly followsContext: boolean = false
  readonly clock: NodeClock = new NodeClock()
  readonly #options: RedisOptions
  readonly #connections = new Set<Connection>()
  #store: Store
  /** The commands certainly on disk, and those written since. */
  readonly #disk: { readonly store: Store; written: { readonly at: number; readonly change: Change }[] }
  changedAt = 0
  /** A command is executed at once. */
  readonly isAnswering: boolean = false
  #up = false
  #accepted = 0
  #kills = 0

  constructor(options: RedisOptions) {
    this.#options = options
    const stream = streamOf(options.seed, REDIS)
    this.#store = new Store((n) => fate(stream, n))
    this.#disk = { store: this.#store.copy(), written: [] }
    options.network.hosts.set(REDIS, this.#host())
  }

  #host(): Host {
    return {
      accept: (port, _from, _remotePort, back, messages) => {
        if (!this.#up || port !== REDIS_PORT) return undefined
        if (messages) return 'bytes only'
        this.#accepted++
        const connection = new Connection(this, createSession(this.#accepted), back)
        this.#connections.add(connection)
        return connection
      },
    }
  }

  get world(): World {
    return this.#options.world
  }

  start(): void {
    if (this.#up) return
    this.#up = true
    this.#store.journal = []
    if (this.#kills > 0) this.world.notice(this.id, 'restarts')
  }

  get isBusy(): boolean {
    return hasJobs(this.#store, this.#now())
  }

  /** False if it was down already. */
  kill(): boolean {
    if (!this.#up) return false
    this.#up = false
    this.#kills++
    for (const connection of this.#connections) connection.reset()
    for (const connection of [...this.#connections]) this.closed(connection)
    this.#store.scripts.clear()
    return true
  }

  /**
   * Of the data written but not fsynced nothing survives, or a prefix of any length: Redis drops what follows a hole in
   * its file.
   */
  losePower(unsynced: Unsynced): void {
    this.#sync()
    const disk = this.#disk
    const random = createRandom(`power ${REDIS} ${this.#kills} ${this.#options.seed}`)
    const kept = unsynced === 'lost' ? [] : disk.written.slice(0, random.integer(disk.written.length + 1))
    redo(
      disk.store,
      kept.map(({ change }) => change),
    )
    disk.written = []
    this.#store = disk.store.copy()
  }

  /** Moves data that has been fsynced by now to the disk. */
  #sync(): void {
    const { now } = this.world.queue
    const fsyncedAt = Math.floor(now / FSYNC_NANOS) * FSYNC_NANOS
    const { written, store } = this.#disk
    const count = written.findIndex(({ at }) => at >= fsyncedAt)
    const done = written.splice(0, count < 0 ? written.length : count)
    redo(
      store,
      done.map(({ change }) => change),
    )
  }

  /** Runs a turn of the server: all its replies leave at the end of the turn. */
  enter(run: () => void): void {
    if (!this.#up) return
    const { world } = this
    world.entered(this)
    try {
      run()
      this.#sync()
      for (const change of this.#store.journal?.splice(0) ?? []) {
        this.changedAt = world.queue.now
        this.#disk.written.push({ at: world.queue.now, change })
      }
      for (const connection of [...this.#connections]) connection.flush()
    } catch (error) {
      if (!(error instanceof UnknownCommand)) throw error
      world.refuse(REDIS, refusalOf(error))
    } finally {
      world.left()
    }
  }

  execute(session: Session, words: readonly string[]): void {
    execute(this.#store, session, words, this.#now())
  }

  giveUp(session: Session): void {
    giveUp(this.#store, session, this.#now())
  }

  closed(connection: Connection): void {
    this.#connections.delete(connection)
    disconnect(this.#store, connection.session)
  }

  #now(): number {
    const { epochMs, queue } = this.world
    return Math.floor(epochMs + this.clock.read(queue.now))
  }
}

const refusalOf = ({ what, because }: UnknownCommand): NotSimulated =>
  new NotSimulated(
    what,
    because,
    'Use other commands of Redis in the simulation (the manual page searching.md lists them), or run it against a real Redis with chaos run.',
  )

const CLOSES = new Set<Packet['type']>(['end', 'reset'])

class Connection implements Plug {
  readonly session: Session
  readonly #node: RedisNode
  readonly #wire: Wire
  readonly #scanner = resp.scanner('requests')
  #bytes: Buffer = Buffer.alloc(0)
  #scanned = 0
  #cancelWait: (() => void) | undefined
  #waitsFor: Session['waiting']
  #closed = false

  constructor(node: RedisNode, session: Session, wire: Wire) {
    this.#node = node
    this.session = session
    this.#wire = wire
  }

  arrive(packet: Packet): void {
    this.#node.world.deliver(this.#node, () => this.#take(packet))
  }

  #take(packet: Packet): void {
    if (this.#closed) {
      if (packet.type === 'data') this.#wire.send({ type: 'reset' })
    } else if (packet.type === 'data') this.#read(packet.bytes)
    else if (CLOSES.has(packet.type)) this.#close(packet.type === 'end')
  }

  #read(bytes: Buffer): void {
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
      if (words.length > 0) this.#node.execute(this.session, words)
    }
  }

  /** Sends the replies, and starts or ends a wait. */
  flush(): void {
    const { session } = this
    if (session.outbox.length > 0) {
      const text = session.outbox.map((reply) => printReply(reply, session.protocol)).join('')
      session.outbox = []
      this.#wire.send({ type: 'data', bytes: Buffer.from(text, 'latin1') })
    }
    if (session.closing) this.#close(true)
    else if (session.waiting !== this.#waitsFor) this.#wait(session.waiting)
  }

  #wait(waiting: Session['waiting']): void {
    this.#cancelWait?.()
    this.#cancelWait = undefined
    this.#waitsFor = waiting
    if (waiting === undefined || waiting.timeoutMs === 0) return
    const node = this.#node
    this.#cancelWait = node.world.after((waiting.timeoutMs * 1e6) / node.clock.rate, node, () =>
      node.giveUp(this.session),
    )
  }

  #close(politely: boolean): void {
    this.#closed = true
    this.#cancelWait?.()
    this.#node.closed(this)
    if (politely) this.#wire.send({ type: 'end' })
  }

  /** The server was killed: the kernel resets open connections. */
  reset(): void {
    this.#closed = true
    this.#cancelWait?.()
    this.#wire.send({ type: 'reset' })
  }
}

/** The words of a command, one byte per character; none for an empty line, undefined if it cannot be read. */
export function wordsOf(frame: Buffer): readonly string[] | undefined {
  if (isNoCommand(frame)) return []
  return readRespCommand(frame)?.map((word) => (typeof word === 'string' ? Buffer.from(word) : word).toString('latin1'))
}
