import type { Happening } from './queue.ts'

/** The receiver at the end of a link. */
export interface Addressee {
  deliver(message: unknown): void
  /** The connection broke while the message was on its way. */
  broken(): void
}

/** What a message travels on. */
interface Carrier {
  /** Which of its connections is open now. */
  readonly connection: number
  reset(): void
}

/**
 * One message in flight. It is delivered or broken, once; or neither, if it is lost without a trace. A single class for
 * all messages: a queue of objects of many classes is slow to call.
 */
export class Parcel implements Happening {
  readonly message: unknown
  readonly #addressee: Addressee
  readonly #link: Carrier
  /** The link's connection when it was sent. */
  readonly #connection: number
  #damaged = false
  #lost = false

  constructor(message: unknown, addressee: Addressee, link: Carrier) {
    this.message = message
    this.#addressee = addressee
    this.#link = link
    this.#connection = link.connection
  }

  /** Another message for the same receiver, sent on the same connection. */
  saying(message: unknown): Parcel {
    return new Parcel(message, this.#addressee, this.#link)
  }

  damage(): void {
    this.#damaged = true
  }

  /** It will not arrive; its addressee sees the connection break. */
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
