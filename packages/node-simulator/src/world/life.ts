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

/**
 * The program whose turn it is. A turn is a call of `Life.enter`: a callback of the program, and then the promise jobs
 * that the callback adds. Undefined outside of turns; patched globals then behave like Node's own.
 */
export const turn: { life: Life | undefined } = { life: undefined }

export function runningLife(): Life {
  const { life } = turn
  if (life === undefined)
    throw new Error('Node.js, not the simulator, resumed a program after its simulated run had ended')
  return life
}

export type Death =
  | { readonly type: 'exit'; readonly code: number }
  | { readonly type: 'threw'; readonly error: unknown; readonly rejected: boolean }

/** `process.exit` throws this value, so that no code after the call runs. */
const EXIT = Symbol('exit')

export interface LifeOptions {
  readonly world: World
  readonly network: Network
  readonly id: NodeId
  /** The number of this start of the node, from 1. */
  readonly number: number
  readonly random: Random
  readonly clock: NodeClock
  readonly hosts: Hosts
  readonly died: (death: Death) => void
  /** Whether the network carries whole requests instead of bytes. */
  readonly messages: boolean
}

export interface Hosts {
  find(host: string, from: NodeId): NodeId | undefined
  unknown(host: string): Error
  /** Returns the error if a node connects to itself at the usual port of a known service. */
  refusePort(port: number): Error | undefined
  refusePath(path: string): Error
}

/** An object that sends its data at the end of a turn. */
export interface Flushed {
  flush(): void
}

interface LifeTimer {
  readonly delayMs: number
  readonly repeats: boolean
  close(): void
}

/** One start of a node's program. Only the node's disk survives it. */
export class Life implements Actor {
  readonly world: World
  readonly network: Network
  readonly id: NodeId
  readonly number: number
  readonly clock: NodeClock
  readonly hosts: Hosts
  readonly startedAt: number
  alive = true
  /** Whether `async_hooks` contexts follow every event. This is needed only if the program can observe contexts. */
  followsContext = false
  /**
   * Whether a requested module is not installed. If it is installed, the bundler missed it, because the program
   * computes its name.
   */
  lacks: (specifier: string) => boolean = () => false
  /** Returns the functions by which the program uses its disk. */
  files: (() => unknown) | undefined
  readonly servers: Map<number, net.Server> = new Map()
  readonly sockets: Set<Flushed & { forget(): void }> = new Set()
  modules: Map<string, unknown> = new Map()
  loaded: ((module: object) => void) | undefined
  /** Functions to call after a run. They remove what would keep the run in memory. */
  readonly unfinished: Set<() => void> = new Set()
  /** The timers by number, for programs that store the number. */
  readonly timers: Map<number, LifeTimer> = new Map()
  /** By delay in milliseconds: the number of times that timers with this delay have fired. */
  readonly rings: Map<number, number> = new Map()
  agent: http.Agent | undefined
  /** Whether programs exchange whole requests instead of bytes. */
  readonly messages: boolean
  /** Open connections by host and port. The last is used first. */
  readonly lines: Map<string, RequestLine[]> = new Map()
  readonly bytesOnly: Set<string> = new Set()
  process: EventEmitter | undefined
  /** The number of calls that had an effect outside of memory, or whose result differs between starts. */
  uses = 0
  readonly #random: Random
  readonly #died: (death: Death) => void
  readonly #written: Flushed[] = []
  /** The number of clock reads in this turn. Each read advances the clock by a microsecond. */
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

  get random(): Random {
    this.uses++
    return this.#random
  }

  log(line: string): void {
    this.uses++
    if (this.alive) this.world.log(this.id, line)
  }

  /** Runs a callback of the program, and all promise jobs and ticks that it adds. Then sends what it wrote. */
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

  /** Calls back after a delay by this node's clock. */
  after(delayMs: number, run: () => void): () => void {
    this.uses++
    return this.world.after((Math.max(0, delayMs) * 1e6) / this.clock.rate, this, run)
  }

  wrote(what: Flushed): void {
    this.uses++
    this.#written.push(what)
  }

  /** Returns the duration of a job of the thread pool in milliseconds. */
  threadMs(): number {
    return 0.1 + 2 * this.random.next()
  }

  nextTimerId(): number {
    this.#timerIds++
    return this.#timerIds
  }

  sent(to: Endpoint): void {
    this.world.notice(this.id, to === 'clients' ? 'acknowledges' : 'sends')
  }

  /** The wall time in milliseconds. Each read advances the time, so a loop that waits for a certain time ends. */
  wallMs(): number {
    return this.world.epochMs + this.clock.read(this.world.queue.now) + this.#look()
  }

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
    // A refusal ends the run, so the program must not see it.
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

  exit(code: number): never {
    if (this.alive) {
      try {
        this.process?.emit('exit', code)
      } catch {
        // A throwing listener must not keep the program alive.
      }
      this.end({ type: 'exit', code })
    }
    throw EXIT
  }

  end(death: Death): void {
    if (!this.alive) return
    // The data that the program has written is already in the kernel. The kernel sends it even after the program has
    // ended.
    for (const each of this.#written.splice(0)) each.flush()
    this.alive = false
    this.#died(death)
  }

  /** Kills the program: data written in this turn is lost. */
  kill(): void {
    this.alive = false
    this.#written.length = 0
  }
}
