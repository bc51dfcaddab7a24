import type { HeardMessage } from './ear.ts'
import type { Happening } from './queue.ts'

export interface Addressee {
  deliver(message: unknown): void
  /** The connection broke while the message was on its way. */
  broken(): void
  /** Whether nobody is there to take it; when absent, somebody is. */
  isDown?(): boolean
}

interface Carrier {
  /** The number of the connection that is open now. */
  readonly connection: number
  reset(): void
}

/**
 * One message in flight. It is delivered once or broken once, or lost without a trace. A single class for all messages:
 * a queue of objects of many classes is slow to call.
 */
export class Parcel implements Happening {
  readonly message: unknown
  /** Set if somebody listens for it. */
  heard: HeardMessage | undefined = undefined
  readonly #addressee: Addressee
  readonly #link: Carrier
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
    const other = new Parcel(message, this.#addressee, this.#link)
    other.heard = this.heard
    return other
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
    if (this.heard !== undefined) this.#tell(this.heard, alive && !this.#damaged && !this.#lost)
    if (alive && !this.#damaged && !this.#lost) {
      this.#addressee.deliver(this.message)
      return
    }
    if (alive && !this.#lost) this.#link.reset()
    this.#addressee.broken()
  }

  #tell(heard: HeardMessage, arrives: boolean): void {
    const isDown = arrives && this.#addressee.isDown?.() === true
    heard.fate = arrives && !isDown ? 'received' : 'lost'
    if (isDown) heard.by = 'down'
  }
}
