import type { Call, EventQueue, Happening } from './queue.ts'

/**
 * Calls that are due after the same delay, which nearly all of them do not live to see. Only the earliest is in the queue:
 * the others wait in the order in which they came, which is that of their times.
 */
export class Timeouts implements Happening {
  readonly #queue: EventQueue
  readonly #delay: number
  readonly #calls: Call[] = []
  readonly #dueAt: number[] = []
  #first = 0

  /** @param delay in nanoseconds. */
  constructor(queue: EventQueue, delay: number) {
    this.#queue = queue
    this.#delay = delay
  }

  add(call: Call): void {
    const dueAt = this.#queue.now + this.#delay
    this.#calls.push(call)
    this.#dueAt.push(dueAt)
    if (this.#calls.length - this.#first === 1) this.#queue.schedule(dueAt, this)
  }

  happen(): void {
    const { now } = this.#queue
    let dueAt = this.#dueAt[this.#first]
    while (dueAt !== undefined && (dueAt <= now || this.#calls[this.#first]?.run === undefined)) {
      this.#calls[this.#first]?.happen()
      dueAt = this.#dueAt[++this.#first]
    }
    if (dueAt !== undefined) {
      this.#queue.schedule(dueAt, this)
      return
    }
    this.#calls.length = 0
    this.#dueAt.length = 0
    this.#first = 0
  }
}
