import type { EventEmitter } from 'node:events'
import type http from 'node:http'
import type net from 'node:net'
import type { Endpoint, NodeId, Random } from '@chaosproxy/faults'
import type { NodeClock } from '@chaosproxy/simulator'
import { NotSimulated } from '../refusal.ts'
import { drain } from './drain.ts'
import type { RequestLine } from './messages.ts'
import type { Network } from './network.ts'
import type { Actor, World } from './world.ts'

/** The running program. Undefined outside of turns: patched globals then behave as Node's own. */
export const turn: { life: Life | undefined } = { life: undefined }

export function runningLife(): Life {
  const { life } = turn
  if (life === undefined)
    throw new Error(
      "a simulated program goes on after its run, resumed by an event of Node's own, which no seed controls",
    )
  return life
}

/** How a program ended. */
export type Death =
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'threw'; readonly error: unknown; readonly rejected: boolean }

/** Thrown by `process.exit`, so that nothing after it runs. */
const EXIT = Symbol('exit')

export interface LifeOptions {
  readonly world: World
  readonly network: Network
  readonly id: NodeId
  /** Counts the starts of this node, from 1. */
  readonly number: number
  readonly random: Random
  readonly clock: NodeClock
  readonly hosts: Hosts
  readonly died: (death: Death) => void
  /** Whether whole requests and answers go over the network instead of bytes. */
  readonly messages: boolean
}

/** The hosts that a program can reach. */
export interface Hosts {
  /** The node of this name, as seen from another; undefined if there is none. */
  find(host: string, from: NodeId): NodeId | undefined
  unknown(host: string): Error
  /** The service that is probably meant by a port of the dialling node, if it cannot be there. */
  refusePort(port: number): Error | undefined
  refusePath(path: string): Error
}

/** Data written in one turn leaves at its end. */
export interface Flushed {
  flush(): void
}

interface LifeTimer {
  readonly delayMs: number
  readonly repeats: boolean
  close(): void
}

/** One start of a node's program, until it is killed or ends by itself. Only its disk outlives it. */
export class Life implements Actor {
  readonly world: World
  readonly network: Network
  readonly id: NodeId
  readonly number: number
  readonly clock: NodeClock
  readonly hosts: Hosts
  readonly startedAt: number
  alive = true
  /** Whether the contexts of `async_hooks` follow every event, because the program could observe that. */
  followsContext = false
  /** Whether a module that its program requests is not installed; otherwise its name is computed. */
  lacks: (specifier: string) => boolean = () => false
  /** Creates the program's calls to the node's disk, on first use. */
  files: (() => unknown) | undefined
  readonly servers: Map<number, net.Server> = new Map()
  readonly sockets: Set<Flushed & { forget(): void }> = new Set()
  /** The built-in modules of this life, by name. */
  modules: Map<string, unknown> = new Map()
  loaded: ((module: object) => void) | undefined
  /** Called once a run is over: anything that outlives it would keep the whole run in memory. */
  readonly unfinished: Set<() => void> = new Set()
  /** Timers by number, for programs that keep the number. */
  readonly timers: Map<number, LifeTimer> = new Map()
  /** How often timers of each delay, in milliseconds, have rung. */
  readonly rings: Map<number, number> = new Map()
  agent: http.Agent | undefined
  /** Whether requests between programs are whole objects instead of bytes. */
  readonly messages: boolean
  /** Open connections for whole requests, by host and port; the last is used first. */
  readonly lines: Map<string, RequestLine[]> = new Map()
  /** Hosts and ports whose servers accept no messages. */
  readonly bytesOnly: Set<string> = new Set()
  process: EventEmitter | undefined
  /**
   * The number of its program's calls whose result differs between starts, or that have an effect outside its memory.
   */
  uses = 0
  readonly #random: Random
  readonly #died: (death: Death) => void
  readonly #written: Flushed[] = []
  /** How far this turn's clock has moved: each read of a clock takes a microsecond. */
  #looks = 0
  #timerIds = 0

  constructor({ world, network, id, number, random, clock, hosts, died, messages }: LifeOptions) {
    this.messages = messages
    this.world = world
    this.network = network
    this.id = id
    this.number = number
    this.#random = random
    this.clock = clock
    this.hosts = hosts
    this.startedAt = world.queue.now
    this.#died = died
  }

  /** The program's own generator. */
  get random(): Random {
    this.uses++
    return this.#random
  }

  log(line: string): void {
    this.uses++
    if (this.alive) this.world.log(this.id, line)
  }

  /** Runs a callback of the program, and all ticks and promises that it leaves behind. */
  enter(run: () => void): void {
    if (!this.alive) return
    const before = turn.life
    turn.life = this
    this.#looks = 0
    this.world.entered(this)
    try {
      try {
        run()
      } catch (error) {
        this.threw(error, false)
      }
      drain((error) => this.threw(error, false))
      for (const each of this.#written.splice(0)) each.flush()
    } finally {
      turn.life = before
      this.world.left()
    }
  }

  /** Calls back after a delay by this node's own clock. */
  after(delayMs: number, run: () => void): () => void {
    this.uses++
    return this.world.after((Math.max(0, delayMs) * 1e6) / this.clock.rate, this, run)
  }

  /** To be flushed at the end of this turn. */
  wrote(what: Flushed): void {
    this.uses++
    this.#written.push(what)
  }

  /** How long a job of the thread pool takes. */
  threadMs(): number {
    return 0.1 + 2 * this.random.next()
  }

  nextTimerId(): number {
    this.#timerIds++
    return this.#timerIds
  }

  /** Something leaves the program by the network. */
  sent(to: Endpoint): void {
    this.world.notice(this.id, to === 'clients' ? 'acknowledges' : 'sends')
  }

  /** Wall time in milliseconds. It advances, so that a loop that waits for it ends. */
  wallMs(): number {
    return this.world.epochMs + this.clock.read(this.world.queue.now) + this.#look()
  }

  /** Milliseconds since this start; never goes back. */
  steadyMs(): number {
    const { queue } = this.world
    return (this.clock.steady(queue.now) as number) + this.#look()
  }

  #look(): number {
    this.uses++
    this.#looks++
    return this.#looks / 1e3
  }

  threw(error: unknown, rejected: boolean): void {
    if (error === EXIT || !this.alive) return
    // This ends the run.
    if (error instanceof NotSimulated) return
    const event = rejected ? 'unhandledRejection' : 'uncaughtException'
    const { process } = this
    for (const name of rejected ? [event, 'uncaughtException'] : [event])
      if (process !== undefined && process.listenerCount(name) > 0) {
        try {
          process.emit(name, error, name)
        } catch (again) {
          if (again !== EXIT) this.end({ type: 'threw', error: again, rejected: false })
        }
        return
      }
    this.end({ type: 'threw', error, rejected })
  }

  /** Leaves the program's code at once. */
  exit(code: number): never {
    if (this.alive) {
      try {
        this.process?.emit('exit', code)
      } catch {
        // A listener that throws does not keep the program from ending.
      }
      this.end({ type: 'exit', code })
    }
    throw EXIT
  }

  /** The program ended by itself. */
  end(death: Death): void {
    if (!this.alive) return
    // Written data is with the kernel, which sends it.
    for (const each of this.#written.splice(0)) each.flush()
    this.alive = false
    this.#died(death)
  }

  /** The program was killed: data that it wrote in this turn is lost. */
  kill(): void {
    this.alive = false
    this.#written.length = 0
  }
}
