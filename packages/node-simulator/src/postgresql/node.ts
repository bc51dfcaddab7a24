import type { NodeId } from '@chaosproxy/faults'
import type { Nanos } from '@chaosproxy/history'
import type { Connection, Engine, Server } from '@chaosproxy/simulated-postgresql'
import { fate, NodeClock, streamOf } from '@chaosproxy/simulator'
import { POSTGRES_PORT } from '../declared/hosts.ts'
import { NotSimulated } from '../refusal.ts'
import type { Host, Network, Packet, Plug, Wire } from '../world/network.ts'
import type { Actor, World } from '../world/world.ts'
import type { BrokenAssertion } from './asserted.ts'
import type { Database } from './database.ts'
import { type Isolation, type JudgedIsolation, judgedIsolation, recordedSql } from './judged.ts'
import { unsupported } from './simulated.ts'
import { type AwaitedSql, awaitedSql } from './statements.ts'
import { type ConnectionTraffic, Traffic } from './traffic.ts'

/** Milliseconds of Unix time when PostgreSQL's own begins, in 2000. */
const POSTGRES_EPOCH_MS = 946_684_800_000
/** `max_connections` by default. */
const MAX_CONNECTIONS = 100

/** A statement that the simulated PostgreSQL does not execute, and what of it. */
export type UnsupportedSql = (sql: string, construct: string) => void

export interface PostgresOptions {
  readonly world: World
  readonly network: Network
  readonly seed: number
  readonly id: NodeId
  readonly database: Database
  /** What its transactions are judged by; when absent, they are not. */
  readonly isolation?: Isolation | undefined
  /** When absent, such a statement ends the run. */
  readonly unsupported?: UnsupportedSql | undefined
}

/** A PostgreSQL: what was committed outlives each start of the server. */
export class PostgresNode implements Actor {
  readonly id: NodeId
  readonly followsContext: boolean = false
  readonly clock: NodeClock = new NodeClock()
  readonly #options: PostgresOptions
  readonly #costs: () => number
  readonly #engine: Engine
  readonly #connections = new Set<ServedConnection>()
  readonly #traffic: Traffic | undefined
  #server: Server | undefined
  #starts = 0
  /** After a crash it replays its log, and takes no session meanwhile. */
  #recoveredAt = 0

  constructor(options: PostgresOptions) {
    const { id, database, network, seed } = options
    this.id = id
    this.#options = options
    this.#costs = drawn(seed, `${id} costs`)
    if (options.isolation?.expect !== undefined || options.world.requests !== undefined)
      this.#traffic = new Traffic(() => this.world.queue.now)
    this.#engine = database.createEngine({
      time: { now: () => this.#micros(), after: (micros, run) => this.#after(micros, run) },
      random: drawn(seed, id),
    })
    network.hosts.set(id, this.#host())
  }

  get world(): World {
    return this.#options.world
  }

  #host(): Host {
    return {
      accept: (port, _from, _remotePort, back, messages) => {
        const server = this.#server
        if (server === undefined || port !== POSTGRES_PORT) return undefined
        if (messages) return 'bytes only'
        const traffic = this.#traffic?.connection()
        const connection = new ServedConnection(this, {
          ...{ wire: back, server, traffic },
          ended: () => this.#ended(connection),
        })
        this.#connections.add(connection)
        return connection
      },
    }
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
      maxConnections: MAX_CONNECTIONS,
      isStarting: () => this.world.queue.now < this.#recoveredAt,
    })
    if (this.#starts === 1) return
    this.#recoveredAt = this.world.queue.now + (20 + 180 * this.#costs()) * 1e6
    this.world.notice(this.id, 'restarts')
  }

  /** False if it was down already. */
  kill(): boolean {
    if (this.#server === undefined) return false
    this.#server = undefined
    for (const connection of this.#connections) connection.reset()
    this.#connections.clear()
    this.#engine.crash()
    return true
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

  /** What its data breaks, once nothing happens any more. */
  broken(): BrokenAssertion | undefined {
    return this.#options.database.broken(this.#engine)
  }

  /** The level of isolation that its transactions must keep. */
  get isolation(): string | undefined {
    return this.#options.isolation?.expect
  }

  /** Whether its transactions kept the level of isolation; undefined if they are not judged. */
  judged(startedAt: Nanos): JudgedIsolation | undefined {
    const { id, isolation: { expect, unit } = {} } = this.#options
    if (expect === undefined || this.#traffic === undefined) return undefined
    const judging = { id, engine: this.#engine, traffic: this.#traffic.passed(), startedAt }
    return judgedIsolation({ expect, unit }, judging)
  }

  /** The statements that programs awaited for clients' requests, if those are tracked. */
  awaited(): readonly AwaitedSql[] {
    if (this.#traffic === undefined) return []
    const recorded = recordedSql({ id: this.id, engine: this.#engine, traffic: this.#traffic.passed() })
    return 'leftOut' in recorded ? [] : awaitedSql(this.#traffic.exchanges(), recorded.history)
  }

  #ended(connection: ServedConnection): void {
    this.#connections.delete(connection)
  }

  /** A turn of the server that runs now; none once it was killed. */
  #after(micros: number, run: () => void): () => void {
    const start = this.#starts
    return this.world.after((micros * 1_000) / this.clock.rate, this, () => {
      if (this.#starts === start) run()
    })
  }

  /** Mostly 0.05 to 0.65 ms; one statement of fifty takes up to 12 ms, as beside a checkpoint. */
  #cost(): number {
    const micros = 50 + 600 * this.#costs()
    return this.#costs() < 0.02 ? micros * 20 : micros
  }

  #micros(): bigint {
    const { epochMs, queue } = this.world
    return BigInt(Math.floor((epochMs - POSTGRES_EPOCH_MS + this.clock.read(queue.now)) * 1_000))
  }
}

/** Numbers in [0, 1). */
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
    'Leave it out if CHAOS_SIMULATED is set, or run the program against a real PostgreSQL with chaos run.',
  )
}

interface Served {
  readonly wire: Wire
  readonly server: Server
  readonly traffic: ConnectionTraffic | undefined
  readonly ended: () => void
}

/** The server's end of a connection. */
class ServedConnection implements Plug {
  readonly #node: PostgresNode
  readonly #wire: Wire
  readonly #connection: Connection
  readonly #traffic: ConnectionTraffic | undefined
  readonly #ended: () => void
  #isOpen = true

  constructor(node: PostgresNode, { wire, server, traffic, ended }: Served) {
    this.#node = node
    this.#wire = wire
    this.#traffic = traffic
    this.#ended = ended
    this.#connection = server.accept({
      send: (bytes) => wire.send({ type: 'data', bytes, hears: traffic?.answered(bytes) }),
      end: () => {
        this.#close()
        wire.send({ type: 'end' })
      },
    })
  }

  arrive(packet: Packet): void {
    this.#node.world.deliver(this.#node, () => this.#take(packet))
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case 'data':
        if (this.#isOpen) {
          this.#traffic?.asked(packet.bytes, packet.request)
          this.#connection.receive(packet.bytes)
        } else this.#wire.send({ type: 'reset' })
        break
      case 'end':
      case 'reset':
        if (!this.#isOpen) break
        this.#close()
        this.#connection.closed()
        if (packet.type === 'end') this.#wire.send({ type: 'end' })
        break
    }
  }

  #close(): void {
    this.#isOpen = false
    this.#traffic?.closed()
    this.#ended()
  }

  /** The server was killed: the kernel resets open connections. */
  reset(): void {
    this.#isOpen = false
    this.#traffic?.closed()
    this.#connection.drop()
    this.#wire.send({ type: 'reset' })
  }
}
