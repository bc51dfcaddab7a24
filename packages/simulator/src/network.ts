import type { Endpoint, Fault, Link as LinkName } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import { type Millis, millis, millisToNanos } from '@chaos/history'
import { fate, type Stream, streamOf, substream } from './fate.ts'
import type { EventQueue, Happening } from './queue.ts'

/** One message on its way. It is delivered or broken, once, or neither, where it is lost without a trace. */
export abstract class Parcel implements Happening {
  readonly message: unknown
  #link: Link | undefined
  /** Of the link, when it was sent. */
  #connection = 0
  #damaged = false

  constructor(message: unknown) {
    this.message = message
  }

  abstract deliver(): void
  /** The connection broke while it was on its way. */
  abstract broken(): void

  sentOn(link: Link): void {
    this.#link = link
    this.#connection = link.connection
  }

  damage(): void {
    this.#damaged = true
  }

  happen(): void {
    const alive = this.#connection === this.#link?.connection
    if (alive && !this.#damaged) {
      this.deliver()
      return
    }
    if (alive) this.#link?.reset()
    this.broken()
  }
}

/** What can befall messages, but for a reset, which befalls a connection. */
export type OnLinks = Exclude<Extract<Fault, { readonly links: unknown }>, { readonly kind: 'reset' }>

/** A fault in force on some links; `hits` counts the messages it touched. */
export interface LinkFault {
  hits: number
  readonly fault: OnLinks
}

export interface NetworkOptions {
  readonly seed: number
  /** Every message takes this long at least … */
  readonly delayMs: Millis
  /** … and up to this much longer. */
  readonly jitterMs: Millis
  readonly endpoints: readonly Endpoint[]
}

/** All links between the endpoints. */
export class Network {
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

  /** Breaks all connections to it. */
  resetTo(to: Endpoint): void {
    for (const links of this.#links.values()) links.get(to)?.reset()
  }

  add(where: readonly LinkName[], fault: LinkFault): void {
    for (const { from, to } of where) this.link(from, to).add(fault)
  }

  remove(where: readonly LinkName[], fault: LinkFault): void {
    for (const { from, to } of where) this.link(from, to).remove(fault)
  }
}

/**
 * One direction between two endpoints. It delays, holds, loses; it is FIFO, as a TCP connection is. What befalls its n-th
 * message is looked up by its name and n, so that it does not depend on what happens elsewhere.
 */
export class Link {
  readonly #queue: EventQueue
  readonly #delay: number
  readonly #jitter: number
  readonly #delays: Stream
  readonly #jitters: Stream
  readonly #losses: Stream
  readonly #copies: Stream
  readonly #overtakings: Stream
  readonly #damages: Stream
  #sent = 0
  /** Nothing overtakes what was sent before it. */
  #lastArrival = 0
  /** When the bytes sent so far will have passed a narrow link. */
  #busyUntil = 0
  /** Counts the connections: what was sent on an earlier one does not arrive. */
  #connection = 0
  readonly #faults: LinkFault[] = []
  #held: Held[] = []

  constructor(queue: EventQueue, link: LinkName, { seed, delayMs, jitterMs }: NetworkOptions) {
    const stream = streamOf(seed, linkName(link))
    this.#queue = queue
    this.#delay = millisToNanos(delayMs)
    this.#jitter = millisToNanos(jitterMs)
    this.#delays = substream(stream, 0)
    this.#jitters = substream(stream, 1)
    this.#losses = substream(stream, 2)
    this.#copies = substream(stream, 3)
    this.#overtakings = substream(stream, 4)
    this.#damages = substream(stream, 5)
  }

  get connection(): number {
    return this.#connection
  }

  send(parcel: Parcel): void {
    const n = this.#sent++
    if (this.#faults.length === 0) this.#arriveAt(this.#queue.now + this.#usualDelay(n), parcel)
    else this.#sendThroughFaults(parcel, n)
  }

  add(fault: LinkFault): void {
    this.#faults.push(fault)
  }

  remove(fault: LinkFault): void {
    const at = this.#faults.indexOf(fault)
    if (at >= 0) this.#faults.splice(at, 1)
    if (this.#faults.some(({ fault: other }) => other.kind === 'partition')) return
    const held = this.#held
    this.#held = []
    for (const { parcel, n } of held) this.#dispatch(parcel, n)
  }

  /** Breaks the connection: what is on its way is lost. */
  reset(): void {
    this.#connection++
    this.#lastArrival = this.#queue.now
    const held = this.#held
    this.#held = []
    for (const { parcel } of held) this.#queue.schedule(this.#queue.now, parcel)
  }

  #usualDelay(n: number): number {
    return Math.round(this.#delay + this.#jitter * fate(this.#delays, n))
  }

  #arriveAt(time: number, parcel: Parcel): void {
    const arrival = time > this.#lastArrival ? time : this.#lastArrival
    this.#lastArrival = arrival
    parcel.sentOn(this)
    this.#queue.schedule(arrival, parcel)
  }

  #sendThroughFaults(parcel: Parcel, n: number): void {
    let held = false
    for (const current of this.#faults) {
      const { fault } = current
      if (fault.kind === 'partition') {
        current.hits++
        if (fault.mode === 'drop') return
        held = true
      } else if (fault.kind === 'loss' && fate(this.#losses, n) < fault.probability) {
        current.hits++
        return
      }
    }
    if (held) {
      // It belongs to the connection of now: what breaks that one breaks it too.
      parcel.sentOn(this)
      this.#held.push({ parcel, n })
    } else this.#dispatch(parcel, n)
  }

  #dispatch(parcel: Parcel, n: number): void {
    let delay = this.#usualDelay(n)
    let departure: number = this.#queue.now
    let overtakenBy = 0
    let copiedAfter: number | undefined
    for (const current of this.#faults) {
      const { fault } = current
      switch (fault.kind) {
        case 'latency': {
          current.hits++
          const spread = fault.jitterMs * (2 * fate(this.#jitters, n) - 1)
          delay += millisToNanos(millis(Math.max(0, fault.latencyMs + spread)))
          break
        }
        case 'bandwidth': {
          current.hits++
          const start = Math.max(departure, this.#busyUntil)
          departure = Math.round(start + (sizeBytes(parcel.message) / fault.bytesPerSecond) * 1e9)
          this.#busyUntil = departure
          break
        }
        case 'duplicate': {
          const drawn = fate(this.#copies, n)
          if (drawn >= fault.probability) break
          current.hits++
          // What is below the probability is even below it: the copy comes at once, or long after.
          copiedAfter = Math.round((LATEST_COPY_NANOS * drawn) / fault.probability)
          break
        }
        case 'reorder': {
          const drawn = fate(this.#overtakings, n)
          if (drawn >= fault.probability) break
          current.hits++
          overtakenBy = Math.round((millisToNanos(fault.withinMs) * drawn) / fault.probability)
          break
        }
        case 'corrupt':
          if (fate(this.#damages, n) >= fault.probability) break
          current.hits++
          parcel.damage()
          break
        case 'partition':
        case 'loss':
          break
        default:
          fault satisfies never
      }
    }
    const arrival = Math.max(departure + delay, this.#lastArrival)
    if (overtakenBy > 0) this.#arriveOutOfOrder(arrival + overtakenBy, parcel)
    else this.#arriveAt(arrival, parcel)
    if (copiedAfter !== undefined) this.#arriveOutOfOrder(arrival + copiedAfter, parcel)
  }

  /** What is sent later need not wait for it. */
  #arriveOutOfOrder(time: number, parcel: Parcel): void {
    parcel.sentOn(this)
    this.#queue.schedule(time, parcel)
  }
}

interface Held {
  readonly parcel: Parcel
  /** How many were sent on the link before it. */
  readonly n: number
}

/** How long after the message itself its copy comes at most. */
const LATEST_COPY_NANOS = 50e6

/** As JSON, which is what real nodes speak. */
const sizeBytes = (message: unknown): number => JSON.stringify(message).length
