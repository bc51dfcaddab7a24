import { Call, type EventQueue } from './queue.ts'

/** Something that is over before its time is up, as a rule. */
export interface Expiring {
  readonly over: boolean
  /** Its time is up. */
  expire(): void
}

/**
 * What may take equally long, which nearly all of it does not. Only the earliest is in the queue: the others wait in the
 * order in which they came, which is that of their times.
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
