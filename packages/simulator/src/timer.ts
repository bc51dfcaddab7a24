import type { EventQueue, Happening } from './queue.ts'

const NEVER = Number.POSITIVE_INFINITY

export interface Ringing {
  ring(timer: Timer): void
}

/**
 * A node's timer. Most timers are reset long before they expire, so a reset to a later time leaves the entry in the
 * queue, and changes only the due time. When the entry comes up early, it is queued again for the due time.
 */
export class Timer implements Happening {
  readonly name: string
  /** Counts how often the timer was set or cancelled, so that outdated expiries can be ignored. */
  changes = 0
  readonly #queue: EventQueue
  readonly #owner: Ringing
  #dueAt: number = NEVER
  /** The time of the valid entry in the queue. Entries for later times are outdated. */
  #queuedAt: number = NEVER

  constructor(name: string, queue: EventQueue, owner: Ringing) {
    this.name = name
    this.#queue = queue
    this.#owner = owner
  }

  set(dueAt: number): void {
    this.changes++
    this.#dueAt = dueAt
    if (dueAt < this.#queuedAt) this.#enqueue()
  }

  cancel(): void {
    this.changes++
    this.#dueAt = NEVER
  }

  /** Multiplies the remaining time, when the clock changes its rate. */
  stretch(factor: number): void {
    if (this.#dueAt === NEVER) return
    const { now } = this.#queue
    this.#dueAt = Math.round(now + (this.#dueAt - now) * factor)
    if (this.#dueAt < this.#queuedAt) this.#enqueue()
  }

  happen(): void {
    const { now } = this.#queue
    if (now !== this.#queuedAt) return
    this.#queuedAt = NEVER
    if (this.#dueAt === NEVER) return
    if (this.#dueAt > now) {
      this.#enqueue()
      return
    }
    this.#dueAt = NEVER
    this.#owner.ring(this)
  }

  #enqueue(): void {
    this.#queuedAt = this.#dueAt
    this.#queue.schedule(this.#dueAt, this)
  }
}
