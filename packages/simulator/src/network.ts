import type { Endpoint, Fault, Link as LinkName } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import { type Millis, millis, millisToNanos } from '@chaos/history'
import { fate, type Stream, streamOf, substream } from './fate.ts'
import { type Addressee, Parcel } from './parcel.ts'
import type { EventQueue } from './queue.ts'

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

/** What is asked about each message, of a stream of its own. */
const DELAY = 0
const JITTER = 1
const LOSS = 2
const COPY = 3
const OVERTAKING = 4
const DAMAGE = 5

/**
 * One direction between two endpoints. It delays, holds, loses; it is FIFO, as a TCP connection is. What befalls its n-th
 * message is looked up by its name and n, so that it does not depend on what happens elsewhere.
 */
export class Link {
  readonly #queue: EventQueue
  readonly #delay: number
  readonly #jitter: number
  readonly #stream: Stream
  readonly #delays: Stream
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

  /** The answer to a question about the n-th message: uniform in [0, 1). */
  #drawn(question: number, n: number): number {
    return fate(substream(this.#stream, question), n)
  }

  #usualDelay(n: number): number {
    return Math.round(this.#delay + this.#jitter * fate(this.#delays, n))
  }

  #arriveAt(time: number, parcel: Parcel): void {
    const arrival = time > this.#lastArrival ? time : this.#lastArrival
    this.#lastArrival = arrival
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
      } else if (fault.kind === 'loss' && this.#drawn(LOSS, n) < fault.probability) {
        current.hits++
        return
      }
    }
    // It belongs to the connection of now: what breaks that one breaks it too.
    if (held) this.#held.push({ parcel, n })
    else this.#dispatch(parcel, n)
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
          const spread = fault.jitterMs * (2 * this.#drawn(JITTER, n) - 1)
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
          const drawn = this.#drawn(COPY, n)
          if (drawn >= fault.probability) break
          current.hits++
          // What is below the probability is even below it: the copy comes at once, or long after.
          copiedAfter = Math.round((LATEST_COPY_NANOS * drawn) / fault.probability)
          break
        }
        case 'reorder': {
          const drawn = this.#drawn(OVERTAKING, n)
          if (drawn >= fault.probability) break
          current.hits++
          overtakenBy = Math.round((millisToNanos(fault.withinMs) * drawn) / fault.probability)
          break
        }
        case 'corrupt':
          if (this.#drawn(DAMAGE, n) >= fault.probability) break
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
    // What is sent later need not wait for one that is overtaken, nor for a copy.
    if (overtakenBy > 0) this.#queue.schedule(arrival + overtakenBy, parcel)
    else this.#arriveAt(arrival, parcel)
    if (copiedAfter !== undefined) this.#queue.schedule(arrival + copiedAfter, parcel)
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
