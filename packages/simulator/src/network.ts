import type { Endpoint, Link as LinkName } from '@chaosproxy/faults'
import { forge, linkName, Trigger } from '@chaosproxy/faults'
import { type Json, type Millis, millis, millisToNanos, nanos, nanosToMillis } from '@chaosproxy/history'
import type { Ear, HeardMessage } from './ear.ts'
import { fate, type Stream, streamOf, substream } from './fate.ts'
import {
  messageTroubles,
  type Passage,
  type Placed,
  type StandingFault,
  type Trouble,
  type TroubledLink,
} from './message-troubles.ts'
import { type Addressee, Parcel } from './parcel.ts'
import type { EventQueue } from './queue.ts'

export interface NetworkOptions {
  readonly seed: number
  readonly delayMs: Millis
  readonly jitterMs: Millis
  readonly endpoints: readonly Endpoint[]
  readonly belief: Belief
  readonly ear?: Ear | undefined
}

/** Whether any node has accepted a forged message, after which its state may violate invariants. */
export interface Belief {
  misled: boolean
}

export class SimulatedNetwork {
  readonly #links: Map<Endpoint, Map<Endpoint, Link>> = new Map()

  constructor(queue: EventQueue, options: NetworkOptions) {
    for (const from of options.endpoints) {
      const others = options.endpoints.filter((to) => to !== from)
      this.#links.set(from, new Map(others.map((to) => [to, new Link(queue, { from, to }, options)])))
    }
  }

  has({ from, to }: LinkName): boolean {
    return this.#links.get(from)?.has(to) === true
  }

  link(from: Endpoint, to: Endpoint): Link {
    const link = this.#links.get(from)?.get(to)
    if (link === undefined) throw new Error(`there is no link ${from}>${to}`)
    return link
  }

  resetTo(to: Endpoint): void {
    for (const links of this.#links.values()) links.get(to)?.reset()
  }

  add(where: readonly LinkName[], fault: StandingFault): void {
    for (const { from, to } of where) this.link(from, to).add(fault)
  }

  remove(where: readonly LinkName[], fault: StandingFault): void {
    for (const { from, to } of where) this.link(from, to).remove(fault)
  }
}

// Each kind of random decision has a number and, by this number, its own random stream. These are the numbers of the
// decisions that a link makes itself. The numbers of faults' decisions are in message-troubles.ts.
const DELAY = 0
const FALSEHOOD = 11

/**
 * One direction of a connection. A link delays, holds and loses messages, and keeps their order, like a TCP connection.
 * The random numbers for the n-th message are a function of the link's name and n, so they do not depend on other
 * links.
 */
export class Link implements TroubledLink {
  readonly #queue: EventQueue
  readonly #delay: number
  readonly #jitter: number
  readonly #stream: Stream
  readonly #delays: Stream
  readonly #belief: Belief
  readonly #name: LinkName
  readonly #ear: Ear | undefined
  #sent = 0
  /** The latest arrival time so far. No later message arrives before this time. */
  #lastArrival = 0
  /** The time at which a link of limited bandwidth has transmitted everything. */
  #busyUntil = 0
  /** The number of the current connection. Messages of earlier connections do not arrive. */
  #connection = 0
  readonly #faults: Placed[] = []
  #held: Held[] = []

  constructor(queue: EventQueue, link: LinkName, { seed, delayMs, jitterMs, belief, ear }: NetworkOptions) {
    this.#name = link
    this.#ear = link.from === 'clients' || link.to === 'clients' ? undefined : ear
    this.#belief = belief
    this.#queue = queue
    this.#delay = millisToNanos(delayMs)
    this.#jitter = millisToNanos(jitterMs)
    this.#stream = streamOf(seed, linkName(link))
    this.#delays = substream(this.#stream, DELAY)
  }

  get connection(): number {
    return this.#connection
  }

  send(message: unknown, addressee: Addressee): void {
    const n = this.#sent++
    const parcel = new Parcel(message, addressee, this)
    if (this.#ear !== undefined) parcel.heard = this.#ear.sent(this.#name, message)
    if (this.#faults.length === 0) this.#arriveAt(this.#queue.now + this.#usualDelay(n), parcel)
    else this.#sendThroughFaults(parcel, n)
  }

  add(fault: StandingFault): void {
    const { kind, when } = fault.fault
    // The kind determines the type, but the compiler cannot infer that from the lookup.
    const trouble = messageTroubles[kind] as Trouble | undefined
    if (trouble === undefined) throw new Error(`${kind} does nothing to messages`)
    this.#faults.push({ standing: fault, trouble, trigger: new Trigger(when) })
  }

  remove(fault: StandingFault): void {
    const at = this.#faults.findIndex(({ standing }) => standing === fault)
    if (at >= 0) this.#faults.splice(at, 1)
    if (this.#faults.some(({ trouble }) => trouble.holds === true)) return
    const held = this.#held
    this.#held = []
    for (const { parcel, n } of held) this.#dispatch(parcel, n)
  }

  reset(): void {
    this.#connection++
    this.#lastArrival = this.#queue.now
    const held = this.#held
    this.#held = []
    for (const { parcel } of held) this.#schedule(this.#queue.now, parcel)
  }

  /**
   * Returns the random number, uniform in [0, 1), for one question about the n-th message, such as whether it is lost.
   */
  #drawn(question: number, n: number): number {
    return fate(substream(this.#stream, question), n)
  }

  spread(middleMs: Millis, jitterMs: Millis, question: number, n: number): number {
    const spreadMs = jitterMs * (2 * this.#drawn(question, n) - 1)
    return millisToNanos(millis(Math.max(0, middleMs + spreadMs)))
  }

  #usualDelay(n: number): number {
    return Math.round(this.#delay + this.#jitter * fate(this.#delays, n))
  }

  #arriveAt(time: number, parcel: Parcel): void {
    const arrival = time > this.#lastArrival ? time : this.#lastArrival
    this.#lastArrival = arrival
    this.#schedule(arrival, parcel)
  }

  #schedule(time: number, parcel: Parcel): void {
    if (parcel.heard !== undefined) parcel.heard.endedAt = nanos(time)
    this.#queue.schedule(time, parcel)
  }

  /**
   * Whether a fault hits the nth message. Each `question`, such as whether the message is lost or delayed, has its own
   * random number, so that faults strike independently.
   */
  strikes({ standing, trigger }: Placed, question: number, n: number): boolean {
    const ageMs = nanosToMillis(nanos(this.#queue.now - standing.appliedAt))
    return trigger.strikes(ageMs, () => this.#drawn(question, n), n)
  }

  /**
   * Returns a random number, uniform in [0, 1), for a message that a fault hits. A message is hit if its random number
   * for `question` is below `probability`; this function returns that number divided by `probability`.
   */
  share(probability: number | undefined, question: number, n: number): number {
    return this.#drawn(question, n) / (probability ?? 1)
  }

  #sendThroughFaults(parcel: Parcel, n: number): void {
    let held = false
    for (const placed of this.#faults) {
      const stopped = placed.trouble.stops?.(placed.standing.fault, placed, this, n, parcel)
      if (stopped !== undefined && parcel.heard !== undefined)
        this.#tell(parcel.heard, stopped, placed.standing.fault.kind)
      if (stopped === 'lost') return
      if (stopped === 'held') held = true
    }
    // A held message is lost if its connection breaks.
    if (held) this.#held.push({ parcel, n })
    else this.#dispatch(parcel, n)
  }

  #tell(heard: HeardMessage, fate: 'lost' | 'held', by: string): void {
    heard.fate = fate
    heard.by = by
    if (fate === 'lost') heard.endedAt = nanos(this.#queue.now)
  }

  falsified(parcel: Parcel, fields: number, n: number): Parcel | undefined {
    const stream = substream(this.#stream, FALSEHOOD)
    let drawn = 0
    const message = forge(parcel.message as Json, fields, () => fate(stream, n * DRAWS_PER_FORGERY + drawn++))
    if (message === undefined) return undefined
    this.#belief.misled = true
    return parcel.saying(message)
  }

  passed(message: unknown, departure: number, bytesPerSecond: number): number {
    const start = Math.max(departure, this.#busyUntil)
    this.#busyUntil = Math.round(start + (sizeBytes(message) / bytesPerSecond) * 1e9)
    return this.#busyUntil
  }

  lose(parcel: Parcel): void {
    parcel.lose()
    this.#schedule(this.#queue.now, parcel)
  }

  #dispatch(honest: Parcel, n: number): void {
    const passage: Passage = {
      n,
      honest,
      parcel: honest,
      besides: undefined,
      delay: this.#usualDelay(n),
      departure: this.#queue.now,
      overtakenBy: 0,
      copies: 0,
      copiedAfter: 0,
    }
    for (const placed of this.#faults) placed.trouble.changes?.(placed.standing.fault, placed, this, passage)
    const { parcel, besides, delay, departure, overtakenBy, copies, copiedAfter } = passage
    const arrival = Math.max(departure + delay, this.#lastArrival)
    if (besides !== undefined) this.#queue.schedule(arrival, besides)
    if (parcel === undefined) return
    // Later messages do not wait for an overtaken message or for copies.
    if (overtakenBy > 0) this.#schedule(arrival + overtakenBy, parcel)
    else this.#arriveAt(arrival, parcel)
    for (let copy = 1; copy <= copies; copy++) this.#queue.schedule(arrival + copy * copiedAfter, parcel)
  }
}

interface Held {
  readonly parcel: Parcel
  readonly n: number
}

/** The random numbers reserved for each forgery. A forgery of 64 fields needs fewer. */
const DRAWS_PER_FORGERY = 256

/** Returns the size of a message as JSON, as real nodes send it. */
const sizeBytes = (message: unknown): number => JSON.stringify(message).length
