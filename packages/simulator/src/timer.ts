import type { EventQueue, Happening } from './queue.ts'

const NEVER = Number.POSITIVE_INFINITY

/** Whoever a timer rings for. */
export interface Ringing {
  ring(timer: Timer): void
}

/**
 * A timer of a node. Most are set anew long before they ring, so a later setting only moves the due time, and the entry
 * that is in the queue already puts itself off when its time comes.
 */
export class Timer implements Happening {
  readonly name: string
  /** Counts settings and cancellations: what was going to ring before one of them does not. */
  changes = 0
  readonly #queue: EventQueue
  readonly #owner: Ringing
  #dueAt: number = NEVER
  /** Of the entry in the queue that counts; another one, queued for later before, does nothing. */
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

  /** What is left until it rings is so many times as long: its clock runs at another rate. */
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
