import { createRandom, type NodeId } from '@chaosproxy/faults'
import { loadOptional } from '@chaosproxy/history/files'
import type { Connection, Server } from '@chaosproxy/simulated-redis'
import { fate, NodeClock, streamOf } from '@chaosproxy/simulator'
import { REDIS, REDIS_PORT } from '../declared/hosts.ts'
import { NotSimulated } from '../refusal.ts'
import type { Unsynced } from '../world/blows.ts'
import type { Host, Network, Plug, Wire } from '../world/network.ts'
import type { Keeper } from '../world/quiet.ts'
import type { Actor, World } from '../world/world.ts'

export type SimulatedRedis = typeof import('@chaosproxy/simulated-redis')

/** @throws UserError (environment) if the package is not installed. */
export const loadSimulatedRedis = (): Promise<SimulatedRedis> =>
  loadOptional((): Promise<SimulatedRedis> => import('@chaosproxy/simulated-redis'), {
    why: 'The simulated Redis needs a package that is not installed',
    packages: ['@chaosproxy/simulated-redis'],
  })

export interface RedisOptions {
  readonly world: World
  readonly network: Network
  readonly seed: number
}

export class RedisNode implements Actor, Keeper {
  readonly id: NodeId = REDIS
  readonly followsContext: boolean = false
  readonly clock: NodeClock = new NodeClock()
  readonly #simulated: SimulatedRedis
  readonly #options: RedisOptions
  readonly #server: Server
  changedAt = 0
  /** Whether a command is still being executed. Always false, because the server executes commands immediately. */
  readonly isAnswering: boolean = false
  #up = false
  #kills = 0

  constructor(simulated: SimulatedRedis, options: RedisOptions) {
    this.#simulated = simulated
    this.#options = options
    const { world, network, seed } = options
    const stream = streamOf(seed, REDIS)
    this.#server = simulated.createServer({
      now: () => Math.floor(world.epochMs + this.clock.read(world.queue.now)),
      uptime: () => world.queue.now,
      after: (ms, run) => world.after((ms * 1e6) / this.clock.rate, this, run),
      random: (draw) => fate(stream, draw),
    })
    network.hosts.set(REDIS, this.#host())
  }

  #host(): Host {
    return {
      accept: (port, _from, _remotePort, back, messages) => {
        if (!this.#up || port !== REDIS_PORT) return undefined
        return messages ? 'bytes only' : this.#accept(back)
      },
    }
  }

  #accept(wire: Wire): Plug {
    const connection = this.#server.connect({
      data: (bytes) => wire.send({ type: 'data', bytes }),
      end: () => wire.send({ type: 'end' }),
      reset: () => wire.send({ type: 'reset' }),
    })
    return { arrive: (packet) => this.world.deliver(this, () => taken(connection, packet, wire)) }
  }

  get world(): World {
    return this.#options.world
  }

  start(): void {
    if (this.#up) return
    this.#up = true
    this.#server.start()
    if (this.#kills > 0) this.world.notice(this.id, 'restarts')
  }

  get isBusy(): boolean {
    return this.#server.isBusy
  }

  kill(): boolean {
    if (!this.#up) return false
    this.#up = false
    this.#kills++
    this.#server.kill()
    return true
  }

  /** Drops data that was not fsynced: all, or all but a random prefix. */
  losePower(unsynced: Unsynced): void {
    const random = createRandom(`power ${REDIS} ${this.#kills} ${this.#options.seed}`)
    this.#server.losePower((written) => (unsynced === 'lost' ? 0 : random.integer(written + 1)))
  }

  enter(run: () => void): void {
    if (!this.#up) return
    const { world } = this
    world.entered(this)
    try {
      run()
      if (this.#server.endTurn()) this.changedAt = world.queue.now
    } catch (error) {
      if (!(error instanceof this.#simulated.UnknownCommand)) throw error
      world.refuse(REDIS, refusalOf(error))
    } finally {
      world.left()
    }
  }
}

function taken(connection: Connection, packet: Parameters<Plug['arrive']>[0], wire: Wire): void {
  if (connection.isClosed) {
    if (packet.type === 'data') wire.send({ type: 'reset' })
  } else if (packet.type === 'data') connection.receive(packet.bytes)
  else if (packet.type === 'end' || packet.type === 'reset') connection.close(packet.type === 'end')
}

const refusalOf = ({ what, because }: { readonly what: string; readonly because: string }): NotSimulated =>
  new NotSimulated(
    what,
    because,
    'Use other commands of Redis in the simulation (the manual page searching.md lists them), or run the program against a real Redis with chaos run.',
  )
