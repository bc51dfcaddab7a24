import type { NodeId } from '@chaosproxy/faults'
import { type Completion, errorText, type Input, type Millis } from '@chaosproxy/history'
import {
  type AnyMachine,
  type MachineEvent,
  type NodeSetting,
  type NodeStatus,
  type Session,
  type Transition,
  threwOn,
} from '@chaosproxy/protocols'
import { CrashPoints } from './crash-points.ts'
import { type AnyEffect, Disk, type DiskOptions, Fsync } from './disk.ts'
import { fateBits, type Stream, streamOf } from './fate.ts'
import type { MomentWatch } from './moments.ts'
import type { Belief, Link } from './network.ts'
import { type ClockFault, NodeClock } from './node-clock.ts'
import { Call, type EventQueue } from './queue.ts'
import { type Ringing, Timer } from './timer.ts'
import { type Asker, Unanswered } from './unanswered.ts'
import { Wire } from './wire.ts'

export type AnyEvent = MachineEvent<unknown>
/**
 * Called after every step with the node's state and the records on its disk. An observer must not change them. `event`
 * is undefined when the node starts.
 */
export type Observer = (state: unknown, event: AnyEvent | undefined, durable: readonly unknown[]) => void

export interface NodeOptions extends DiskOptions {
  readonly peers: readonly NodeId[]
  readonly machine: AnyMachine
  readonly log: (text: string) => void
  readonly observe: Observer | undefined
  readonly moments: MomentWatch
  readonly belief: Belief
  readonly collapsed: () => void
}

export class SimulatedNode implements Ringing {
  readonly id: NodeId
  readonly crashes: CrashPoints = new CrashPoints()
  /** Whether an injected bug has affected this node, in any of its lives. */
  marked = false
  steps = 0
  longestTimerMs = 0
  readonly #options: NodeOptions
  readonly #queue: EventQueue
  readonly #machine: AnyMachine
  readonly #seeds: Stream
  readonly #clock: NodeClock
  readonly #disk: Disk
  // Copies of options, because every step reads them.
  readonly #observe: Observer | undefined
  readonly #moments: MomentWatch
  readonly #belief: Belief
  /** The outgoing connections by peer. */
  readonly #wires: Map<NodeId, Wire> = new Map()
  readonly #requests: Unanswered = new Unanswered()
  readonly #timers: Map<string, Timer> = new Map()
  #state: unknown
  #up = false
  #life = 0
  #pauses = 0
  #backlog: (() => void)[] = []
  #led = false

  constructor(queue: EventQueue, options: NodeOptions) {
    this.id = options.id
    this.#queue = queue
    this.#options = options
    this.#machine = options.machine
    this.#seeds = streamOf(options.seed, `${options.id} seed`)
    this.#clock = new NodeClock()
    this.#disk = new Disk(options)
    this.#observe = options.observe
    this.#moments = options.moments
    this.#belief = options.belief
  }

  get up(): boolean {
    return this.#up
  }

  wire(peer: SimulatedNode, link: Link): void {
    this.#wires.set(peer.id, new Wire(this.id, link, peer))
  }

  receive(from: NodeId, message: unknown): void {
    this.#step({ type: 'message', from, message })
  }

  /** Handles a client's request. The node must be up. */
  request(requestId: string, input: Input, session: Session, asker: Asker): void {
    this.#requests.add(requestId, asker)
    this.#step({ type: 'request', requestId, input, session })
  }

  /** Crashes the node. A prefix of the data being written may survive. Returns false if the node was already down. */
  kill(): boolean {
    if (!this.#up) return false
    this.#up = false
    this.#life++
    this.#state = undefined
    this.#disk.tear()
    this.#backlog = []
    for (const timer of this.#timers.values()) timer.cancel()
    for (const asker of this.#requests.takeAll()) asker.replied(undefined)
    return true
  }

  restart(): void {
    if (this.#up) return
    this.#up = true
    const start = () => (this.#belief.misled ? this.#whileMisled(() => this.#start()) : this.#start())
    if (this.#pauses > 0) this.#backlog.push(start)
    else start()
  }

  pause(): void {
    this.#pauses++
  }

  resume(): void {
    this.#pauses = Math.max(0, this.#pauses - 1)
    if (this.#pauses > 0) return
    const missed = this.#backlog
    this.#backlog = []
    for (const run of missed) if (this.#up) run()
  }

  addClockFault(fault: ClockFault): void {
    this.#changeClock(() => this.#clock.add(fault, this.#queue.now))
  }

  removeClockFault(fault: ClockFault): void {
    this.#changeClock(() => this.#clock.remove(fault, this.#queue.now))
  }

  #changeClock(change: () => void): void {
    const before = this.#clock.rate
    change()
    const factor = before / this.#clock.rate
    if (factor !== 1) for (const timer of this.#timers.values()) timer.stretch(factor)
  }

  status(): NodeStatus | undefined {
    return this.#up && this.#pauses === 0 ? this.#machine.status(this.#state) : undefined
  }

  #localTime(): Millis {
    return this.#clock.read(this.#queue.now)
  }

  #start(): void {
    const { id, peers } = this.#options
    const setting = { id, peers, seed: fateBits(this.#seeds, this.#life) }
    const { state, effects } = this.#started(setting)
    this.#state = state
    this.#observe?.(state, undefined, this.#disk.durable)
    this.#carryOut(effects)
    if (this.#life > 0 && this.#moments.awaited.restarts) this.#moments.notice(this.id, 'restarts')
  }

  /** Performs a step now or, while the node is paused, when the node resumes. A restart discards the step. */
  #step(event: AnyEvent): void {
    if (!this.#up) return
    if (this.#pauses > 0) {
      this.#stepLater(event)
      return
    }
    if (this.#belief.misled) this.#stepMisled(event)
    else this.#take(event)
  }

  #take(event: AnyEvent): void {
    this.steps++
    const { state, effects } = this.#stepped(event)
    this.#state = state
    if (this.#observe !== undefined) this.#observe(state, event, this.#disk.durable)
    if (this.#moments.awaited.leads) this.#noticeLeading()
    this.#carryOut(effects)
  }

  /**
   * Runs a step of a node that believed a false message. If the step throws, the process exits and restarts. Such an
   * error is no bug of the protocol, which was not designed for false messages.
   */
  #whileMisled(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#collapse(error)
    }
  }

  #stepMisled(event: AnyEvent): void {
    this.#whileMisled(() => this.#take(event))
  }

  #collapse(error: unknown): void {
    this.#options.log(`ends by itself, misled by a forged message: ${errorText(error)}`)
    this.kill()
    this.#options.collapsed()
    const life = this.#life
    const revive = new Call(() => {
      if (life === this.#life) this.restart()
    })
    this.#queue.schedule(this.#queue.now + SUPERVISOR_NANOS, revive)
  }

  // Separate from `#step`: a function that contains a closure is slower at every call.
  #stepLater(event: AnyEvent): void {
    this.#backlog.push(() => this.#step(event))
  }

  #started(setting: NodeSetting): Transition<unknown, unknown, unknown> {
    try {
      return this.#machine.start(setting, this.#disk.journal(), this.#localTime())
    } catch (error) {
      throw threwOn(this.id, undefined, error)
    }
  }

  #stepped(event: AnyEvent): Transition<unknown, unknown, unknown> {
    try {
      const { now } = this.#queue
      return this.#machine.step(this.#state, event, this.#clock.read(now), this.#clock.steady(now))
    } catch (error) {
      throw threwOn(this.id, event, error)
    }
  }

  #noticeLeading(): void {
    const { leads } = this.#machine.status(this.#state)
    if (leads && !this.#led) this.#moments.notice(this.id, 'leads')
    this.#led = leads
  }

  #carryOut(effects: readonly AnyEffect[]): void {
    if (effects.length === 0) return
    if (this.#disk.writing) this.#disk.wait(effects)
    else this.#execute(effects, false)
  }

  #write(batch: readonly AnyEffect[]): void {
    this.#disk.begin(batch)
    if (this.crashes.any && this.#diesWriting(batch)) return
    if (this.#moments.awaited.persists) this.#moments.notice(this.id, 'persists')
    this.#queue.schedule(this.#queue.now + this.#disk.fsyncNanos(), new Fsync(this, this.#life, batch))
  }

  /** Continues once the batch is durable, unless the node died during the write. */
  written(life: number, batch: readonly AnyEffect[]): void {
    if (life !== this.#life) return
    if (this.#pauses > 0) {
      this.#writtenLater(life, batch)
      return
    }
    if (this.#belief.misled) this.#goOnMisled(batch)
    else this.#goOn(batch)
  }

  #goOn(batch: readonly AnyEffect[]): void {
    const later = this.#disk.end()
    if (this.#execute(batch, true)) this.#carryOut(later)
  }

  #goOnMisled(batch: readonly AnyEffect[]): void {
    this.#whileMisled(() => this.#goOn(batch))
  }

  #writtenLater(life: number, batch: readonly AnyEffect[]): void {
    this.#backlog.push(() => this.written(life, batch))
  }

  /** Returns whether the node dies at a record of the batch. Earlier records may still reach the disk. */
  #diesWriting(batch: readonly AnyEffect[]): boolean {
    for (const [i, effect] of batch.entries()) {
      if (effect.type !== 'persist' || !this.crashes.reachedBy('persist')) continue
      this.#disk.begin(batch.slice(0, i))
      this.crashes.die('persist')
      return true
    }
    return false
  }

  /**
   * Executes effects up to the first one that must be made durable. Returns false if the node died. A single loop reads
   * each effect's type only once: these reads are slow, because effects have many object shapes.
   */
  #execute(effects: readonly AnyEffect[], durable: boolean): boolean {
    for (let i = 0; i < effects.length; i++) {
      const effect = effects[i] as AnyEffect
      switch (effect.type) {
        case 'send':
          if (this.crashes.any && this.#diesBefore('send')) return false
          this.#send(effect.to, effect.message)
          if (this.#moments.awaited.sends) this.#moments.notice(this.id, 'sends')
          break
        case 'reply':
          if (this.crashes.any && this.#diesBefore('reply')) return false
          this.#reply(effect.requestId, effect.result)
          break
        case 'persist':
          if (durable) break
          this.#write(i === 0 ? effects : effects.slice(i))
          return true
        case 'setTimer':
          this.#setTimer(effect.timer, effect.afterMs)
          break
        case 'cancelTimer':
          this.#timers.get(effect.timer)?.cancel()
          break
        case 'log':
          this.#options.log(effect.text)
          break
        case 'mark':
          this.marked = true
          break
        default:
          throw new Error(`${this.id} asks for ${JSON.stringify(effect satisfies never)}, which is not an effect`)
      }
    }
    return true
  }

  #diesBefore(effect: 'send' | 'reply'): boolean {
    if (!this.crashes.reachedBy(effect)) return false
    this.crashes.die(effect)
    return true
  }

  #reply(requestId: string, result: Completion): void {
    this.#requests.take(requestId)?.replied(result)
    if (result.type === 'ok' && this.#moments.awaited.acknowledges) this.#moments.notice(this.id, 'acknowledges')
  }

  #setTimer(name: string, afterMs: Millis): void {
    if (!(afterMs >= 0 && afterMs < Number.POSITIVE_INFINITY))
      throw new Error(
        `${this.id} sets the timer "${name}" to ring after ${afterMs} ms, which is not a finite time of 0 ms or more`,
      )
    this.longestTimerMs = Math.max(this.longestTimerMs, afterMs)
    this.#timer(name).set(this.#queue.now + Math.round((afterMs * 1e6) / this.#clock.rate))
  }

  #send(to: NodeId, message: unknown): void {
    const wire = this.#wires.get(to)
    if (wire === undefined) throw new Error(`${this.id} sends to ${to}, which is not one of its peers`)
    wire.link.send(message, wire)
  }

  #timer(name: string): Timer {
    let timer = this.#timers.get(name)
    if (timer === undefined) {
      timer = new Timer(name, this.#queue, this)
      this.#timers.set(name, timer)
    }
    return timer
  }

  ring(timer: Timer): void {
    if (this.#pauses > 0) {
      this.#ringLater(timer)
      return
    }
    this.#step({ type: 'timer', timer: timer.name })
    if (this.#moments.awaited.rings) this.#moments.notice(this.id, 'rings')
  }

  #ringLater(timer: Timer): void {
    const { changes } = timer
    this.#backlog.push(() => {
      // Another event queued during the pause may have reset or cancelled the timer.
      if (timer.changes === changes) this.#step({ type: 'timer', timer: timer.name })
    })
  }
}

/** The time in nanoseconds after which an exited process is restarted. */
const SUPERVISOR_NANOS = 100e6
