import type { Connection, Server } from '@chaosproxy/simulated-postgresql'
import type { Packet, Plug, Wire } from '../world/network.ts'
import type { Actor, World } from '../world/world.ts'
import type { ConnectionTraffic } from './traffic.ts'

export interface ServerNode extends Actor {
  readonly world: World
}

interface Served {
  readonly wire: Wire
  readonly server: Server
  readonly traffic: ConnectionTraffic | undefined
  readonly ended: () => void
}

export class ServedConnection implements Plug {
  readonly #node: ServerNode
  readonly #wire: Wire
  readonly #connection: Connection
  readonly #traffic: ConnectionTraffic | undefined
  readonly #ended: () => void
  #isOpen = true

  constructor(node: ServerNode, { wire, server, traffic, ended }: Served) {
    this.#node = node
    this.#wire = wire
    this.#traffic = traffic
    this.#ended = ended
    this.#connection = server.accept({
      send: (bytes) => wire.send({ type: 'data', bytes, hears: traffic?.answered(bytes) }),
      end: () => {
        this.#close()
        wire.send({ type: 'end' })
      },
    })
    traffic?.servedBy(() => this.#connection.pid)
  }

  arrive(packet: Packet): void {
    this.#node.world.deliver(this.#node, () => this.#take(packet))
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case 'data':
        if (this.#isOpen) {
          this.#traffic?.sent(packet.bytes, packet.request, packet.dialedFor)
          this.#connection.receive(packet.bytes)
        } else this.#wire.send({ type: 'reset' })
        break
      case 'end':
      case 'reset':
        if (!this.#isOpen) break
        this.#close()
        this.#connection.closed()
        if (packet.type === 'end') this.#wire.send({ type: 'end' })
        break
    }
  }

  #close(): void {
    this.#isOpen = false
    this.#traffic?.closed()
    this.#ended()
  }

  get isAnswering(): boolean {
    return this.#isOpen && this.#connection.isBusy
  }

  get isBusy(): boolean {
    return this.#isOpen && this.#connection.hasWritten
  }

  /** Ends the session because the server shuts down. */
  shutDown(): void {
    this.#connection.shutDown()
  }

  /** Resets the connection, as the kernel does when a server is killed. */
  reset(): void {
    this.#isOpen = false
    this.#traffic?.closed()
    this.#connection.drop()
    this.#wire.send({ type: 'reset' })
  }
}
