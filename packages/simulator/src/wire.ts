import type { NodeId } from '@chaosproxy/faults'
import type { Link } from './network.ts'
import type { Addressee } from './parcel.ts'

interface Receiver {
  readonly up: boolean
  receive(from: NodeId, message: unknown): void
}

/** One direction of the connection between two nodes. */
export class Wire implements Addressee {
  readonly link: Link
  readonly #from: NodeId
  readonly #to: Receiver

  constructor(from: NodeId, link: Link, to: Receiver) {
    this.link = link
    this.#from = from
    this.#to = to
  }

  deliver(message: unknown): void {
    this.#to.receive(this.#from, message)
  }

  broken(): void {}

  isDown(): boolean {
    return !this.#to.up
  }
}
