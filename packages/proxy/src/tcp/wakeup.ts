import type { ProxyClock } from '../link/clock.ts'

/** A single timer, set to the earliest of the requested times. */
export class Wakeup {
  readonly #clock: ProxyClock
  readonly #wake: () => void
  #atMs = Number.POSITIVE_INFINITY
  #cancel: (() => void) | undefined

  constructor(clock: ProxyClock, wake: () => void) {
    this.#clock = clock
    this.#wake = wake
  }

  setFor(atMs: number, nowMs: number): void {
    if (atMs >= this.#atMs) return
    this.cancel()
    this.#atMs = atMs
    this.#cancel = this.#clock.after(atMs - nowMs, () => {
      this.cancel()
      this.#wake()
    })
  }

  cancel(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#atMs = Number.POSITIVE_INFINITY
  }
}
