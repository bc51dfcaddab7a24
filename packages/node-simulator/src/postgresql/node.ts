import type { FaultKind, NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { Engine, EngineTime, Server } from '@chaosproxy/simulated-postgresql'
import { fate, NodeClock, streamOf, type Undo } from '@chaosproxy/simulator'
import { POSTGRES_PORT } from '../declared/hosts.ts'
import { NotSimulated } from '../refusal.ts'
import { type DatabaseFault, isOfDatabases, type Stoppable } from '../world/blows.ts'
import type { Host, Plug, Wire } from '../world/network.ts'
import type { NodeOptions } from '../world/node.ts'
import type { Keeper } from '../world/quiet.ts'
import type { Actor, World } from '../world/world.ts'
import type { BrokenAssertion } from './asserted.ts'
import type { Database } from './database.ts'
import { type Isolation, type JudgedIsolation, judgedIsolation } from './judged.ts'
import { REPLICATION_PORT, Receiver, Sender } from './replication.ts'
import { ServedConnection } from './served.ts'
import { unsupported } from './simulated.ts'
import { type AwaitedSql, awaitedSql } from './statements.ts'
import { type DatabaseStory, type LostReply, storiesOf } from './story.ts'
import { Traffic } from './traffic.ts'

/** The Unix time, in milliseconds, of PostgreSQL's epoch, the year 2000. */
const POSTGRES_EPOCH_MS = 946_684_800_000
/** `max_connections` by default. */
const MAX_CONNECTIONS = 100
/** PostgreSQL's longest time until a commit is on the disk: three times `wal_writer_delay`. */
const LONGEST_FLUSH_MICROS = 600_000

export type UnsupportedSql = (sql: string, construct: string) => void

export interface PostgresOptions extends Pick<NodeOptions, 'world' | 'network' | 'seed' | 'id'> {
  readonly database: Database
  /** How the server's transactions are judged. If absent, they are not judged. */
  readonly isolation?: Isolation | undefined
  /** Called for each statement that is not supported. If absent, such a statement ends the run. */
  readonly unsupported?: UnsupportedSql | undefined
}

type Lasting = Exclude<DatabaseFault, { readonly kind: 'failover' | 'restart' }>

/** A PostgreSQL, whose committed data survives restarts. */
export class PostgresNode implements Actor, Keeper, Stoppable {
  readonly id: NodeId
  readonly followsContext: boolean = false
  readonly clock: NodeClock = new NodeClock()
  readonly #options: PostgresOptions
  readonly #costs: () => number
  readonly #shares: () => number
  readonly #engine: Engine
  readonly #connections = new Set<ServedConnection>()
  readonly #traffic: Traffic | undefined
  readonly #lost: LostReply[] = []
  readonly #senders = new Set<Sender>()
  readonly #inForce = new Set<{ readonly fault: Lasting; hits: number }>()
  readonly #primary: PostgresNode | undefined
  #standby: PostgresNode | undefined
  #receiver: Receiver | undefined
  /**
   * For a standby. `received`: the number of commits that it has received. `replayed`: the number of commits that its
   * sessions see.
   */
  #position = { received: 0, replayed: 0 }
  #server: Server | undefined
  #starts = 0
  changedAt = 0
  /** The time when recovery ends. Until then, the server accepts no session. */
  #recoveredAt = 0

  constructor(options: PostgresOptions, primary?: PostgresNode) {
    const { id, database, network, seed } = options
    this.id = id
    this.#options = options
    this.#costs = drawn(seed, `${id} costs`)
    const isFollowed = options.world.requests !== undefined
    if (primary === undefined && isFollowed) this.#traffic = new Traffic(() => this.world.queue.now)
    this.#shares = drawn(seed, `${id} faults`)
    this.#primary = primary
    const [time, random] = [this.#time(), drawn(seed, id)]
    if (primary === undefined)
      this.#engine = database.createEngine({
        ...{ time, random },
        committed: (isFlushed) => this.#committed(isFlushed),
        fails: () => this.#happens('serialization-failure'),
        watch: isFollowed || options.isolation?.expect !== undefined ? { now: () => this.world.queue.now } : undefined,
      })
    else {
      primary.#standby = this
      const [received, replayed] = [() => this.#position.received, () => this.#position.replayed]
      this.#engine = primary.#engine.standby({ time, random, received, replayed })
      this.#catchUp()
    }
    network.hosts.set(id, this.#host())
  }

  get world(): World {
    return this.#options.world
  }

  #time(): EngineTime {
    return { now: () => this.#micros(), after: (micros, run) => this.#after(micros, run) }
  }

  #host(): Host {
    return {
      accept: (port, _from, _remotePort, back, messages) => {
        if (this.#server === undefined) return undefined
        if (port === REPLICATION_PORT) return this.#sendTo(back)
        if (port !== POSTGRES_PORT) return undefined
        return messages ? 'bytes only' : this.#serve(back, this.#server)
      },
    }
  }

  #serve(wire: Wire, server: Server): Plug {
    const connection = new ServedConnection(this, {
      ...{ wire, server, traffic: this.#traffic?.connection() },
      ended: () => this.#connections.delete(connection),
    })
    this.#connections.add(connection)
    return connection
  }

  start(): void {
    if (this.#server !== undefined) return
    this.#starts++
    this.#server = this.#options.database.createServer({
      engine: this.#engine,
      after: (micros, run) => this.#after(micros, run),
      costOf: () => this.#cost(),
      wakesAfter: () => 20 + 100 * this.#costs(),
      unsupported:
        this.#options.unsupported ?? ((sql, construct) => this.world.refuse(this.id, refusalOf(sql, construct))),
      maxConnections: () => (this.#happens('refuse-sessions') ? 0 : MAX_CONNECTIONS),
      losesReply: (pid) => this.#losesReply(pid),
      isStarting: () => this.world.queue.now < this.#recoveredAt,
    })
    this.#follow()
    if (this.#starts === 1) return
    this.#recoveredAt = this.world.queue.now + (20 + 180 * this.#costs()) * 1e6
    this.world.notice(this.id, 'restarts')
  }

  kill(): boolean {
    if (!this.#goDown()) return false
    this.#engine.crash()
    return true
  }

  /** Stops the server and resets every connection. Returns false if it was down. */
  #goDown(): boolean {
    if (this.#server === undefined) return false
    this.#server = undefined
    for (const plug of [...this.#connections, ...this.#senders]) plug.reset()
    this.#receiver?.reset()
    this.#receiver = undefined
    this.#connections.clear()
    this.#senders.clear()
    return true
  }

  whyNot(kind: FaultKind): string | undefined {
    if (this.#primary !== undefined && kind !== 'restart' && isOfDatabases(kind))
      return `${this.id} is a standby: inject this fault into its primary, ${this.#primary.id}`
    return kind === 'failover' && this.#standby === undefined ? `${this.id} has no standby: add --standby` : undefined
  }

  injectFault(fault: DatabaseFault): Undo {
    switch (fault.kind) {
      case 'failover':
        return this.#failOver()
      case 'restart':
        return this.#restart()
      default: {
        const standing = { fault, hits: 0 }
        this.#inForce.add(standing)
        return () => {
          this.#inForce.delete(standing)
          return standing.hits
        }
      }
    }
  }

  /** Promotes the standby under the primary's name. A copy of its data becomes the new standby. */
  #failOver(): Undo {
    const standby = this.#standby
    if (standby === undefined) throw new Error(`${this.id} has no standby to promote`)
    const { received } = standby.#position
    for (const node of [this, standby]) node.#goDown()
    standby.#engine.crash()
    this.#engine.promote(received)
    standby.#catchUp()
    return () => {
      for (const node of [this, standby]) node.start()
      return 1
    }
  }

  /** Restarts the server. Its sessions end with error 57P01. Committed data is kept, because it is on the disk. */
  #restart(): Undo {
    if (this.#server === undefined) return () => 0
    for (const connection of this.#connections) connection.shutDown()
    this.#goDown()
    this.start()
    return () => 1
  }

  #happens(kind: Exclude<Lasting['kind'], 'slow-statements'>): boolean {
    for (const standing of this.#inForce) {
      const { fault } = standing
      if (fault.kind !== kind || ('share' in fault && this.#shares() >= fault.share)) continue
      standing.hits++
      return true
    }
    return false
  }

  get isAnswering(): boolean {
    return [...this.#connections].some((connection) => connection.isAnswering)
  }

  get isBusy(): boolean {
    return [...this.#connections].some((connection) => connection.isBusy)
  }

  #losesReply(pid: number): boolean {
    if (!this.#happens('lose-commit-reply')) return false
    this.#lost.push({ pid, at: this.world.queue.now })
    return true
  }

  #committed(isFlushed: boolean): void {
    this.changedAt = this.world.queue.now
    this.#announce()
    if (!isFlushed && this.#senders.size > 0) this.#after(LONGEST_FLUSH_MICROS, () => this.#announce())
  }

  #announce(): void {
    for (const sender of this.#senders) sender.send()
  }

  #sendTo(wire: Wire): Plug {
    const sender = new Sender(this, wire, () => this.#engine.position())
    this.#senders.add(sender)
    return sender
  }

  /** Makes a standby receive and replay the commits of its primary. */
  #follow(): void {
    const primary = this.#primary
    if (primary === undefined) return
    const { network } = this.#options
    this.#receiver = new Receiver({
      ...{ node: this, network, primary: primary.id },
      received: (position) => this.#receive(position),
      ended: () => this.#after(100_000 + 900_000 * this.#costs(), () => this.#follow()),
    })
  }

  /**
   * Receives commits of the primary. The commits reach the standby's disk after a lag, and its sessions after a further
   * lag.
   */
  #receive(position: number): void {
    this.#after(this.#lag(), () => {
      this.#position.received = Math.max(this.#position.received, position)
      this.#after(this.#lag(), () => {
        this.#position.replayed = Math.max(this.#position.replayed, position)
      })
    })
  }

  /** Returns the lag: usually up to 2 ms, and up to 100 ms in one of eight cases. */
  #lag(): number {
    const micros = 2_000 * this.#costs()
    return this.#costs() < 0.125 ? micros * 50 : micros
  }

  /** Gives a standby all commits of its primary, as if the standby were a new copy. */
  #catchUp(): void {
    if (this.#primary === undefined) return
    const position = this.#primary.#engine.position()
    this.#position = { received: position, replayed: position }
  }

  enter(run: () => void): void {
    if (this.#server === undefined) return
    this.world.entered(this)
    try {
      run()
    } finally {
      this.world.left()
    }
  }

  broken(): BrokenAssertion | undefined {
    return this.#primary === undefined ? this.#options.database.broken(this.#engine) : undefined
  }

  get isolation(): string | undefined {
    return this.#options.isolation?.expect
  }

  /** Whether the transactions kept the isolation level. */
  judged(startedAt: Nanos): JudgedIsolation | undefined {
    const { id, isolation: { expect, unit } = {} } = this.#options
    if (expect === undefined || this.#primary !== undefined) return undefined
    const requestOf = this.#traffic?.requests() ?? (() => undefined)
    return judgedIsolation({ expect, unit }, { id, engine: this.#engine, requestOf, startedAt })
  }

  /** Returns the effects of clients' requests on each other, if requests are tracked. */
  stories(startedAt: Nanos): readonly DatabaseStory[] {
    if (this.#traffic === undefined) return []
    const requestOf = this.#traffic.requests()
    return storiesOf({ id: this.id, engine: this.#engine, requestOf, startedAt }, this.#lost)
  }

  /** Returns the statements that programs awaited, if requests are tracked. */
  awaited(): readonly AwaitedSql[] {
    if (this.#traffic === undefined) return []
    return awaitedSql(this.#traffic, this.#engine, this.id)
  }

  #after(micros: number, run: () => void): () => void {
    const start = this.#starts
    return this.world.after((micros * 1_000) / this.clock.rate, this, () => {
      if (this.#starts === start) run()
    })
  }

  /**
   * Returns the duration of a statement in microseconds: usually 50 to 650, but 1,000 to 13,000 in one of fifty cases,
   * as during a checkpoint.
   */
  #cost(): number {
    const micros = 50 + 600 * this.#costs()
    return (this.#costs() < 0.02 ? micros * 20 : micros) + this.#slowness()
  }

  #slowness(): number {
    let micros = 0
    for (const standing of this.#inForce) {
      const { fault } = standing
      if (fault.kind !== 'slow-statements' || this.#shares() >= fault.share) continue
      standing.hits++
      micros += fault.delayMs * 1_000
    }
    return micros
  }

  #micros(): bigint {
    const { epochMs, queue } = this.world
    return BigInt(Math.floor((epochMs - POSTGRES_EPOCH_MS + this.clock.read(queue.now)) * 1_000))
  }
}

function drawn(seed: number, name: string): () => number {
  const stream = streamOf(seed, name)
  let count = 0
  return () => fate(stream, count++)
}

function refusalOf(sql: string, construct: string): NotSimulated {
  const { what, because } = unsupported(sql, construct)
  return new NotSimulated(
    what,
    because,
    'Skip it if CHAOS_SIMULATED is set, or run the program against a real PostgreSQL with chaos run.',
  )
}
