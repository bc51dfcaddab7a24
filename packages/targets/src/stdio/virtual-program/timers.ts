import timers from 'node:timers'
import timersPromises from 'node:timers/promises'
import { promisify } from 'node:util'
import type { Timeline } from './timeline.ts'

type Run = (...args: unknown[]) => void

const LONGEST_MS = 2 ** 31 - 1

/** A timer as `setTimeout` returns it. */
class VirtualTimer {
  readonly #start: (ring: () => void) => () => void
  readonly #repeats: boolean
  readonly #run: () => void
  #cancel: (() => void) | undefined
  #counts = true

  constructor(timeline: Timeline, run: Run, delayMs: unknown, args: readonly unknown[], repeats: boolean) {
    const wanted = Number(delayMs)
    // In Node, a delay that is invalid or too long counts as one millisecond.
    const ms = wanted >= 1 && wanted <= LONGEST_MS ? Math.trunc(wanted) : 1
    this.#start = (ring) => timeline.after(ms, ring)
    this.#run = () => Reflect.apply(run, this, [...args])
    this.#repeats = repeats
    this.refresh()
  }

  #ring(): void {
    if (this.#repeats) this.refresh()
    this.#run()
  }

  refresh(): this {
    this.#cancel?.()
    this.#cancel = this.#start(() => this.#ring())
    return this
  }

  close(): this {
    this.#cancel?.()
    return this
  }

  ref(): this {
    this.#counts = true
    return this
  }

  unref(): this {
    this.#counts = false
    return this
  }

  hasRef(): boolean {
    return this.#counts
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/**
 * Replaces this process's timers by timers of a timeline. Leaves `setImmediate` unchanged, because it takes no time.
 */
export function takeOverTimers(timeline: Timeline): void {
  const timeoutPromise = (delayMs?: number, value?: unknown): Promise<unknown> =>
    new Promise((resolve) => new VirtualTimer(timeline, resolve, delayMs, [value], false))
  async function* intervalPromise(delayMs?: number, value?: unknown) {
    for (;;) yield await timeoutPromise(delayMs, value)
  }
  const clear = (timer: unknown) => {
    if (timer instanceof VirtualTimer) timer.close()
  }
  const members = {
    setTimeout: Object.assign(
      (run: Run, delayMs?: unknown, ...args: unknown[]) => new VirtualTimer(timeline, run, delayMs, args, false),
      { [promisify.custom]: timeoutPromise },
    ),
    setInterval: (run: Run, delayMs?: unknown, ...args: unknown[]) =>
      new VirtualTimer(timeline, run, delayMs, args, true),
    clearTimeout: clear,
    clearInterval: clear,
  }
  Object.assign(globalThis, members)
  Object.assign(timers, members)
  Object.assign(timersPromises, {
    setTimeout: timeoutPromise,
    setInterval: intervalPromise,
    scheduler: { ...timersPromises.scheduler, wait: timeoutPromise },
  })
}
