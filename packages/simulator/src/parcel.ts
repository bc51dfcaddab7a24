import type { HeardMessage } from './ear.ts'
import type { Happening } from './queue.ts'

export interface Addressee {
  deliver(message: unknown): void
  /** Called in place of `deliver` if the connection broke while the message was in transit. */
  broken(): void
  /** Whether the addressee is down. Without this method, the addressee is always up. */
  isDown?(): boolean
}

interface Carrier {
  readonly connection: number
  reset(): void
}

/**
 * One message in transit. It is delivered, or lost silently, or its addressee sees the connection break. A single class
 * serves all messages, because calls on objects of many classes in one queue are slow.
 */
export class Parcel implements Happening {
  readonly message: unknown
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

  saying(message: unknown): Parcel {
    const other = new Parcel(message, this.#addressee, this.#link)
    other.heard = this.heard
    return other
  }

  damage(): void {
    this.#damaged = true
  }

  /** Marks the message as lost: its addressee sees the connection break. */
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
