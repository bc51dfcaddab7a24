import type { NodeId } from '@chaosproxy/faults'
import type { Network, Packet, Plug, Wire } from '../world/network.ts'
import type { ServerNode } from './served.ts'

/** The port at which a primary accepts its standbys. Programs cannot use it. */
export const REPLICATION_PORT = 5_433

/**
 * The primary's side of a connection to a standby. Sends positions, one per line. A position is the number of commits
 * on the primary's disk.
 */
export class Sender implements Plug {
  readonly #node: ServerNode
  readonly #wire: Wire
  readonly #position: () => number
  #state: 'waits' | 'sends' | 'over' = 'waits'
  #sent = -1

  constructor(node: ServerNode, wire: Wire, position: () => number) {
    this.#node = node
    this.#wire = wire
    this.#position = position
  }

  arrive(packet: Packet): void {
    this.#node.world.deliver(this.#node, () => {
      if (packet.type === 'data' && this.#state === 'waits') this.#state = 'sends'
      if (packet.type === 'end' || packet.type === 'reset') this.#state = 'over'
      this.send()
    })
  }

  send(): void {
    const position = this.#position()
    if (this.#state !== 'sends' || position === this.#sent) return
    this.#sent = position
    this.#wire.send({ type: 'data', bytes: Buffer.from(`${position}\n`) })
  }

  reset(): void {
    this.#state = 'over'
    this.#wire.send({ type: 'reset' })
  }
}

interface Receiving {
  readonly node: ServerNode
  readonly network: Network
  readonly primary: NodeId
  readonly received: (position: number) => void
  readonly ended: () => void
}

/** The standby's side of the connection to the primary. Receives the positions that the primary's `Sender` sends. */
export class Receiver implements Plug {
  readonly #receiving: Receiving
  readonly #wire: Wire
  #isOver = false
  #text = ''

  constructor(receiving: Receiving) {
    this.#receiving = receiving
    const { network, node, primary } = receiving
    this.#wire = network.dial(node.id, primary, REPLICATION_PORT, this)
  }

  arrive(packet: Packet): void {
    const { node } = this.#receiving
    node.world.deliver(node, () => {
      if (!this.#isOver) this.#take(packet)
    })
  }

  #take(packet: Packet): void {
    switch (packet.type) {
      case 'opened':
        this.#wire.send({ type: 'data', bytes: Buffer.from('START_REPLICATION\n') })
        break
      case 'data':
        this.#read(packet.bytes)
        break
      case 'refused':
      case 'end':
      case 'reset':
        this.#isOver = true
        this.#receiving.ended()
        break
    }
  }

  #read(bytes: Buffer): void {
    const lines = (this.#text + bytes.toString('latin1')).split('\n')
    this.#text = lines.pop() ?? ''
    for (const line of lines) this.#receiving.received(Number(line))
  }

  reset(): void {
    this.#isOver = true
    this.#wire.send({ type: 'reset' })
  }
}
