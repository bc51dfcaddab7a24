import { createRandom, type NodeId } from '@chaosproxy/faults'
import { NodeClock } from '@chaosproxy/simulator'
import type { Unsynced } from './blows.ts'
import { Files } from './files.ts'
import { type Death, Life, type LifeOptions } from './life.ts'
import { hostOf } from './servers.ts'

export interface NodeOptions extends Pick<LifeOptions, 'world' | 'network' | 'id' | 'hosts' | 'messages'> {
  readonly seed: number
  /** The program's directory, which exists on every disk. */
  readonly directory: string
  readonly boot: (life: Life) => void
  readonly died: (death: Death, life: Life) => void
}

/** The part of a node that survives each start of its program. */
export class ServiceNode {
  readonly id: NodeId
  readonly clock: NodeClock = new NodeClock()
  readonly #options: NodeOptions
  readonly files: Files
  #life: Life | undefined
  #starts = 0
  everListened = false

  constructor(options: NodeOptions) {
    this.id = options.id
    this.#options = options
    this.files = new Files(['/tmp', '/home/node', options.directory])
    options.network.hosts.set(
      this.id,
      hostOf(() => this.#life),
    )
  }

  get life(): Life | undefined {
    return this.#life
  }

  get listens(): boolean {
    const listens = (this.#life?.servers.size ?? 0) > 0
    if (listens) this.everListened = true
    return listens
  }

  /** Starts the program, unless it is running. */
  start(): void {
    if (this.#life !== undefined) return
    const { world, network, id, seed, hosts, boot, died, messages } = this.#options
    this.#starts++
    const number = this.#starts
    const life: Life = new Life({
      random: createRandom(`${id} ${number} ${seed}`),
      died: (death) => {
        this.#buried(life)
        died(death, life)
      },
      ...{ world, network, id, number, clock: this.clock, hosts, messages },
    })
    this.#life = life
    world.schedule(0, () => world.deliver(life, () => boot(life)))
    if (number > 1) world.notice(id, 'restarts')
  }

  kill(): boolean {
    const life = this.#life
    if (life === undefined) return false
    life.kill()
    this.#buried(life)
    return true
  }

  losePower(unsynced: Unsynced): void {
    this.files.losePower(createRandom(`power ${this.id} ${this.#starts} ${this.#options.seed}`), unsynced)
  }

  #buried(life: Life): void {
    if (this.#life === life) this.#life = undefined
    life.servers.clear()
    for (const each of [...life.unfinished]) each()
    for (const socket of [...life.sockets]) socket.forget()
    life.sockets.clear()
  }
}
