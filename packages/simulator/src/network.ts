import type { CutMode, Endpoint, Link } from '@chaos/faults'
import { linkName } from '@chaos/faults'
import { type Millis, millis, millisToNanos, type Nanos, nanos } from '@chaos/history'
import { fate, type Stream, streamOf } from './fate.ts'
import type { EventQueue } from './queue.ts'

/** One message on its way. Exactly one of the two happens, or neither, where it is lost without a trace. */
interface Parcel {
  readonly message: unknown
  deliver(): void
  /** The connection broke while it was on its way. */
  broken?: (() => void) | undefined
}

/** A fault in force on some links; `hits` counts the messages it touched. */
export interface LinkFault {
  hits: number
  readonly effect:
    | { readonly kind: 'cut'; readonly mode: CutMode }
    | { readonly kind: 'latency'; readonly latencyMs: Millis; readonly jitterMs: Millis }
    | { readonly kind: 'loss'; readonly probability: number }
    | { readonly kind: 'bandwidth'; readonly bytesPerSecond: number }
}

interface LinkState {
  readonly delays: Stream
  readonly jitters: Stream
  readonly losses: Stream
  sent: number
  /** A link is a stream: nothing overtakes what was sent before it. */
  lastArrival: Nanos
  /** When the bytes sent so far will have passed a narrow link. */
  busyUntil: Nanos
  /** Counts the connections: what was sent on an earlier one does not arrive. */
  connection: number
  readonly faults: LinkFault[]
  readonly held: Parcel[]
}

export interface NetworkOptions {
  readonly seed: number
  /** Every message takes this long at least … */
  readonly delayMs: Millis
  /** … and up to this much longer. */
  readonly jitterMs: Millis
  readonly endpoints: readonly Endpoint[]
}

/** Links that delay, hold, lose. Every link is FIFO, as a TCP connection is. */
export interface Network {
  has(link: Link): boolean
  send(from: Endpoint, to: Endpoint, parcel: Parcel): void
  add(links: readonly Link[], fault: LinkFault): void
  remove(links: readonly Link[], fault: LinkFault): void
  /** Breaks the connection: what is on its way is lost. */
  reset(from: Endpoint, to: Endpoint): void
}

export function createNetwork(queue: EventQueue, now: () => Nanos, options: NetworkOptions): Network {
  const { seed, delayMs, jitterMs, endpoints } = options
  const links = new Map<Endpoint, Map<Endpoint, LinkState>>()
  for (const from of endpoints)
    links.set(from, new Map(endpoints.filter((to) => to !== from).map((to) => [to, createLink(seed, { from, to })])))

  function linkOf(from: Endpoint, to: Endpoint): LinkState {
    const link = links.get(from)?.get(to)
    if (link === undefined) throw new Error(`there is no link ${from}>${to}`)
    return link
  }

  function dispatch(link: LinkState, parcel: Parcel, n: number): void {
    let delay = millisToNanos(millis(delayMs + jitterMs * fate(link.delays, n)))
    let departure = now()
    for (const fault of link.faults) {
      const { effect } = fault
      if (effect.kind === 'latency') {
        fault.hits++
        const spread = effect.jitterMs * (2 * fate(link.jitters, n) - 1)
        delay = nanos(delay + millisToNanos(millis(Math.max(0, effect.latencyMs + spread))))
      } else if (effect.kind === 'bandwidth') {
        fault.hits++
        const start = Math.max(departure, link.busyUntil)
        departure = nanos(start + (sizeBytes(parcel.message) / effect.bytesPerSecond) * 1e9)
        link.busyUntil = departure
      }
    }
    link.lastArrival = nanos(Math.max(departure + delay, link.lastArrival))
    const { connection } = link
    queue.schedule(link.lastArrival, () => {
      if (connection === link.connection) parcel.deliver()
      else parcel.broken?.()
    })
  }

  return {
    has: ({ from, to }) => links.get(from)?.has(to) === true,
    send(from, to, parcel) {
      const link = linkOf(from, to)
      const n = link.sent++
      let held = false
      for (const fault of link.faults) {
        const { effect } = fault
        if (effect.kind === 'cut') {
          fault.hits++
          if (effect.mode === 'drop') return
          held = true
        } else if (effect.kind === 'loss' && fate(link.losses, n) < effect.probability) {
          fault.hits++
          return
        }
      }
      if (held) link.held.push(parcel)
      else dispatch(link, parcel, n)
    },
    add(where, fault) {
      for (const { from, to } of where) linkOf(from, to).faults.push(fault)
    },
    remove(where, fault) {
      for (const { from, to } of where) {
        const link = linkOf(from, to)
        const at = link.faults.indexOf(fault)
        if (at >= 0) link.faults.splice(at, 1)
        if (link.faults.some(({ effect }) => effect.kind === 'cut')) continue
        for (const parcel of link.held.splice(0)) dispatch(link, parcel, link.sent++)
      }
    },
    reset(from, to) {
      const link = linkOf(from, to)
      link.connection++
      link.lastArrival = now()
      for (const parcel of link.held.splice(0)) queue.schedule(now(), () => parcel.broken?.())
    },
  }
}

function createLink(seed: number, link: Link): LinkState {
  const name = linkName(link)
  return {
    delays: streamOf(seed, `${name} delay`),
    jitters: streamOf(seed, `${name} jitter`),
    losses: streamOf(seed, `${name} loss`),
    sent: 0,
    lastArrival: nanos(0),
    busyUntil: nanos(0),
    connection: 0,
    faults: [],
    held: [],
  }
}

/** As JSON, which is what real nodes speak. */
const sizeBytes = (message: unknown): number => JSON.stringify(message).length
