import { Call, type EventQueue } from './queue.ts'

/** Something with a deadline that usually ends before it. */
export interface Expiring {
  readonly over: boolean
  expire(): void
}

/**
 * Timeouts of equal length, nearly all of which are cancelled. Only the earliest is in the event queue; the others wait
 * in the order they started, which is also the order of their deadlines.
 */
export class Timeouts {
  readonly #queue: EventQueue
  readonly #delay: number
  readonly #waiting: Expiring[] = []
  readonly #dueAt: number[] = []
  #first = 0
  readonly #next: Call = new Call(() => this.#expireDue())

  /** @param delay in nanoseconds. */
  constructor(queue: EventQueue, delay: number) {
    this.#queue = queue
    this.#delay = delay
  }

  add(expiring: Expiring): void {
    const dueAt = this.#queue.now + this.#delay
    this.#waiting.push(expiring)
    this.#dueAt.push(dueAt)
    if (this.#waiting.length - this.#first === 1) this.#queue.schedule(dueAt, this.#next)
  }

  #expireDue(): void {
    const { now } = this.#queue
    for (; this.#first < this.#waiting.length; this.#first++) {
      const first = this.#waiting[this.#first]
      if (first === undefined || first.over) continue
      const dueAt = this.#dueAt[this.#first] ?? now
      if (dueAt > now) {
        this.#queue.schedule(dueAt, this.#next)
        return
      }
      first.expire()
    }
    this.#waiting.length = 0
    this.#dueAt.length = 0
    this.#first = 0
  }
}
