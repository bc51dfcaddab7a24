import { type Endpoint, type FaultOfKind, type Link, linkName, type NodeId } from '@chaosproxy/faults'
import { type Nanos, nanos } from '@chaosproxy/history'
import { fate, type Stream, streamOf, substream } from '@chaosproxy/simulator'
import type { Delays } from './delays.ts'
import { type Message, messageText } from './messages.ts'
import type { ResumedWatch } from './requests.ts'
import type { Weather } from './weather.ts'
import { CLIENTS, type World } from './world.ts'

/** Faults of links that affect connections. */
export type LinkFault = FaultOfKind<'partition' | 'blackhole' | 'latency' | 'bandwidth'>

export interface Standing {
  hits: number
  readonly fault: LinkFault
  readonly appliedAt: Nanos
}

export type Packet =
  | { readonly type: 'open' }
  | { readonly type: 'opened' }
  /** `bytesOnly`: the server does not accept whole requests. */
  | { readonly type: 'refused'; readonly bytesOnly?: true }
  /**
   * Bytes that belong to the client's request `request`. `hears` is called at the end of the turn in which the bytes
   * arrive, with the requests whose code continued after an await in this turn.
   */
  | {
      readonly type: 'data'
      readonly bytes: Buffer
      readonly request?: string | undefined
      readonly hears?: ResumedWatch | undefined
      /** The client's request for which the connection was opened. */
      readonly dialedFor?: string | undefined
    }
  | { readonly type: 'message'; readonly message: Message; readonly request?: string | undefined }
  | { readonly type: 'end' }
  | { readonly type: 'reset' }

/** One end of a connection. */
export interface Plug {
  arrive(packet: Packet): void
}

const JITTER = 7

/** One direction of a connection: first in, first out, whatever the delays. */
export class Wire {
  readonly link: Link
  /** `n1>n2`. */
  readonly name: string
  readonly #network: Network
  readonly #stream: Stream
  readonly #connection: string
  #to: () => Plug | undefined
  #sent = 0
  #lastArrival = 0
  #held: Packet[] = []
  /** Whether a cut of the link has dropped bytes. If it has, no later bytes may arrive. */
  #holed = false
  #closed = false
  /** The other direction of the same connection. */
  twin: Wire | undefined

  constructor(
    network: Network,
    { link, connection, stream }: { readonly link: Link; readonly connection: string; readonly stream: Stream },
    to: () => Plug | undefined,
  ) {
    this.#network = network
    this.link = link
    this.name = linkName(link)
    this.#connection = connection
    this.#stream = stream
    this.#to = to
  }

  send(packet: Packet): void {
    if (this.#closed) return
    if (packet.type === 'data') {
      const at = this.#network.weather.split(this.#stream, this.#sent, packet.bytes.length)
      if (at > 0) {
        this.#pass({ ...packet, bytes: packet.bytes.subarray(0, at) })
        this.#pass({ ...packet, bytes: packet.bytes.subarray(at) })
        return
      }
    }
    this.#pass(packet)
  }

  #pass(packet: Packet): void {
    for (const standing of this.#network.faultsOn(this.name)) {
      const { fault } = standing
      if (fault.kind !== 'partition' && fault.kind !== 'blackhole') continue
      standing.hits++
      if (fault.kind === 'blackhole' || fault.mode === 'drop') {
        this.#holed = true
        return
      }
      this.#held.push(packet)
      return
    }
    if (this.#holed) return
    this.#dispatch(packet)
  }

  #dispatch(packet: Packet): void {
    const { world, weather, delays } = this.#network
    const n = this.#sent++
    let delay = delays.of(this.#connection, this.link.from, n, weather.packet(this.#stream, n))
    let departure: number = world.queue.now
    for (const standing of this.#network.faultsOn(this.name)) {
      const { fault } = standing
      if (fault.kind === 'latency') {
        standing.hits++
        const spreadMs = fault.jitterMs * (2 * fate(substream(this.#stream, JITTER), n) - 1)
        delay += Math.max(0, fault.latencyMs + spreadMs) * 1e6
      } else if (fault.kind === 'bandwidth' && (packet.type === 'data' || packet.type === 'message')) {
        standing.hits++
        departure = this.#network.queued(this.link, departure, (lengthOf(packet) / fault.bytesPerSecond) * 1e9)
      }
    }
    const arrival = Math.max(Math.round(departure + delay), this.#lastArrival)
    this.#lastArrival = arrival
    const isAmongNodes = this.link.from !== CLIENTS && this.link.to !== CLIENTS
    if (isAmongNodes) this.#network.underWay++
    world.schedule(arrival - world.queue.now, () => {
      if (isAmongNodes) this.#network.underWay--
      this.#arrive(packet)
    })
  }

  #arrive(packet: Packet): void {
    if (this.#closed) return
    const { world } = this.#network
    world.trace?.(`${world.queue.now} ${this.name} ${packetText(packet)}`)
    if (packet.type === 'reset') this.close()
    this.#to()?.arrive(packet)
  }

  /** Delivers held bytes after a cut, or breaks the connection if some were lost. */
  healed(): void {
    if (this.#closed) return
    if (this.#holed) {
      this.break()
      return
    }
    for (const packet of this.#held.splice(0)) this.#dispatch(packet)
  }

  break(): void {
    this.#breakOff()
    const { twin } = this
    if (twin !== undefined) twin.#breakOff()
  }

  #breakOff(): void {
    if (this.#closed) return
    this.close()
    this.#network.world.schedule(0, () => this.#to()?.arrive({ type: 'reset' }))
  }

  close(): void {
    this.#closed = true
    this.#held = []
    this.#network.forget(this)
  }

  cut(): void {
    this.#closed = true
    this.#held = []
    this.#to = () => undefined
    this.twin = undefined
  }
}

function packetText(packet: Packet): string {
  if (packet.type === 'message') return `message ${messageText(packet.message)}`
  return packet.type === 'data' ? `data ${packet.bytes.toString('latin1')}` : packet.type
}

const lengthOf = (packet: Extract<Packet, { readonly type: 'data' | 'message' }>): number =>
  packet.type === 'data' ? packet.bytes.length : messageText(packet.message).length

export interface Host {
  accept(
    port: number,
    from: Endpoint,
    remotePort: number,
    back: Wire,
    messages: boolean,
  ): Plug | 'bytes only' | undefined
}

export interface Times {
  readonly weather: Weather
  readonly delays: Delays
}

export class Network {
  readonly world: World
  readonly weather: Weather
  readonly delays: Delays
  readonly #seed: number
  readonly #endpoints: ReadonlySet<Endpoint>
  readonly #wires = new Map<string, Set<Wire>>()
  readonly #faults = new Map<string, Standing[]>()
  readonly #busyUntil = new Map<string, number>()
  readonly #dialled = new Map<string, number>()
  readonly hosts: Map<Endpoint, Host> = new Map()
  underWay = 0

  constructor(world: World, times: Times, seed: number, endpoints: readonly Endpoint[]) {
    this.world = world
    this.weather = times.weather
    this.delays = times.delays
    this.#seed = seed
    this.#endpoints = new Set(endpoints)
  }

  has({ from, to }: Link): boolean {
    return from !== to && this.#endpoints.has(from) && this.#endpoints.has(to)
  }

  /**
   * Opens a connection. `plug` is the connection's end at `from`, and receives `opened` or `refused`. Returns the wire
   * on which `from` sends.
   */
  dial(from: Endpoint, to: NodeId, port: number, plug: Plug, messages = false): Wire {
    const [there, back] = [
      { from, to },
      { from: to, to: from },
    ]
    const name = linkName(there)
    const count = (this.#dialled.get(name) ?? 0) + 1
    this.#dialled.set(name, count)
    let server: Plug | undefined
    const connection = `${name} ${count}`
    const stream = streamOf(this.#seed, connection)
    const homeward: Wire = this.#open({ link: back, connection, stream: substream(stream, 1) }, () => plug)
    const greeter: Plug = {
      arrive: (packet) => {
        if (packet.type !== 'open') return
        const accepted = this.hosts.get(to)?.accept(port, from, 40_000 + count, homeward, messages)
        if (accepted === 'bytes only') homeward.send({ type: 'refused', bytesOnly: true })
        else {
          server = accepted
          homeward.send({ type: server === undefined ? 'refused' : 'opened' })
        }
      },
    }
    const outward: Wire = this.#open({ link: there, connection, stream: substream(stream, 2) }, () => server ?? greeter)
    outward.twin = homeward
    homeward.twin = outward
    outward.send({ type: 'open' })
    return outward
  }

  #open(direction: ConstructorParameters<typeof Wire>[1], to: () => Plug | undefined): Wire {
    const wire = new Wire(this, direction, to)
    const wires = this.#wires.get(wire.name) ?? new Set()
    wires.add(wire)
    this.#wires.set(wire.name, wires)
    return wire
  }

  close(): void {
    for (const wires of this.#wires.values()) for (const wire of wires) wire.cut()
    this.#wires.clear()
    this.hosts.clear()
  }

  forget(wire: Wire): void {
    this.#wires.get(wire.name)?.delete(wire)
  }

  /** @param name the name of a link */
  faultsOn(name: string): readonly Standing[] {
    return this.#faults.get(name) ?? NONE
  }

  /**
   * Returns the time when a limited link finishes a transmission that takes `nanosNeeded`. The link is busy until then.
   */
  queued(link: Link, from: number, nanosNeeded: number): number {
    const name = linkName(link)
    const departure = Math.round(Math.max(from, this.#busyUntil.get(name) ?? 0) + nanosNeeded)
    this.#busyUntil.set(name, departure)
    return departure
  }

  add(links: readonly Link[], fault: LinkFault): Standing {
    const standing: Standing = { hits: 0, fault, appliedAt: nanos(this.world.queue.now) }
    for (const link of links) {
      const name = linkName(link)
      this.#faults.set(name, [...(this.#faults.get(name) ?? []), standing])
    }
    return standing
  }

  remove(links: readonly Link[], standing: Standing): void {
    for (const link of links) {
      const name = linkName(link)
      const left = (this.#faults.get(name) ?? []).filter((each) => each !== standing)
      this.#faults.set(name, left)
      if (left.some(({ fault }) => fault.kind === 'partition' || fault.kind === 'blackhole')) continue
      for (const wire of [...(this.#wires.get(name) ?? [])]) wire.healed()
    }
  }

  /** Resets both ends of every connection that uses this link. */
  reset(link: Link): number {
    const names = [linkName(link), linkName({ from: link.to, to: link.from })]
    let count = 0
    for (const name of names)
      for (const wire of [...(this.#wires.get(name) ?? [])]) {
        wire.break()
        count++
      }
    return count
  }
}

const NONE: readonly Standing[] = []
