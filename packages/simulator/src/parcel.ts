import type { Link } from './network.ts'
import type { Happening } from './queue.ts'

/** Who waits at the end of a link. */
export interface Addressee {
  deliver(message: unknown): void
  /** The connection broke while the message was on its way. */
  broken(): void
}

/**
 * One message on its way. It is delivered or broken, once, or neither, where it is lost without a trace.
 * One class for all messages, whoever they are for: a queue of many classes is slow to call.
 */
export class Parcel implements Happening {
  readonly message: unknown
  readonly #addressee: Addressee
  readonly #link: Link
  /** Of the link, when it was sent. */
  readonly #connection: number
  #damaged = false
  #lost = false

  constructor(message: unknown, addressee: Addressee, link: Link) {
    this.message = message
    this.#addressee = addressee
    this.#link = link
    this.#connection = link.connection
  }

  damage(): void {
    this.#damaged = true
  }

  /** It will not arrive, as its addressee sees by a connection that breaks. */
  lose(): void {
    this.#lost = true
  }

  happen(): void {
    const alive = this.#connection === this.#link.connection
    if (alive && !this.#damaged && !this.#lost) {
      this.#addressee.deliver(this.message)
      return
    }
    if (alive && !this.#lost) this.#link.reset()
    this.#addressee.broken()
  }
}
