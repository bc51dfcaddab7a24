import timersPromises from 'node:timers/promises'
import { promisify } from 'node:util'
import { type Life, runningLife, turn } from '../world/life.ts'

type Run = (...args: unknown[]) => void

function requireFunction(run: unknown): void {
  if (typeof run === 'function') return
  const error = new TypeError(`The "callback" argument must be of type function. Received ${String(run)}`)
  throw Object.assign(error, { code: 'ERR_INVALID_ARG_TYPE' })
}

class SimulatedTimer {
  readonly #life: Life
  readonly #run: Run
  readonly #args: readonly unknown[]
  readonly delayMs: number
  readonly repeats: boolean
  readonly id: number
  #cancel: (() => void) | undefined
  #counts = true

  constructor(life: Life, run: Run, delayMs: unknown, args: readonly unknown[], repeats: boolean) {
    requireFunction(run)
    this.#life = life
    this.#run = run
    this.#args = args
    this.repeats = repeats
    const wanted = Number(delayMs)
    // As in Node, an invalid or too long delay counts as a millisecond.
    this.delayMs = wanted >= 1 && wanted <= 2_147_483_647 ? Math.trunc(wanted) : 1
    this.id = life.nextTimerId()
    life.timers.set(this.id, this)
    this.#start()
  }

  #start(): void {
    this.#cancel = this.#life.after(this.delayMs, () => this.#ring())
  }

  #ring(): void {
    const { rings, world, id } = this.#life
    world.notice(id, 'rings')
    rings.set(this.delayMs, (rings.get(this.delayMs) ?? 0) + 1)
    if (this.repeats) this.#start()
    else this.close()
    Reflect.apply(this.#run, this, [...this.#args])
  }

  close(): this {
    this.#cancel?.()
    this.#cancel = undefined
    this.#life.timers.delete(this.id)
    return this
  }

  refresh(): this {
    this.#cancel?.()
    this.#life.timers.set(this.id, this)
    this.#start()
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

  [Symbol.toPrimitive](): number {
    return this.id
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

class SimulatedImmediate {
  #cancel: (() => void) | undefined

  constructor(life: Life, run: Run, args: readonly unknown[]) {
    requireFunction(run)
    this.#cancel = life.after(0, () => Reflect.apply(run, this, [...args]))
  }

  close(): void {
    this.#cancel?.()
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }

  hasRef(): boolean {
    return true
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

function clearTimer(timer: unknown): void {
  if (timer instanceof SimulatedTimer || timer instanceof SimulatedImmediate) timer.close()
  else if (typeof timer === 'number' || typeof timer === 'string') turn.life?.timers.get(Number(timer))?.close()
}

const promised =
  (start: (life: Life, run: () => void, delayMs: unknown) => { close(): void }) =>
  (delayMs: unknown, value: unknown, options: { readonly signal?: AbortSignal | undefined } = {}): Promise<unknown> => {
    const { life } = turn
    if (life === undefined) return Promise.reject(new Error('no simulated program is running'))
    const { signal } = options
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        timer.close()
        reject(Object.assign(new Error('The operation was aborted', { cause: signal?.reason }), ABORTED))
      }
      const timer = start(
        life,
        () => {
          signal?.removeEventListener('abort', abort)
          resolve(value)
        },
        delayMs,
      )
      if (signal?.aborted) abort()
      else signal?.addEventListener('abort', abort, { once: true })
    })
  }

const ABORTED = { name: 'AbortError', code: 'ABORT_ERR' } as const

const timeoutPromise = promised((life, run, delayMs) => new SimulatedTimer(life, run, delayMs, [], false))
const immediatePromise = promised((life, run) => new SimulatedImmediate(life, run, []))
const promisedImmediate = (value: unknown, options?: { readonly signal?: AbortSignal }): Promise<unknown> =>
  immediatePromise(0, value, options)

async function* intervalPromise(delayMs: unknown, value: unknown, options?: { readonly signal?: AbortSignal }) {
  for (;;) yield await timeoutPromise(delayMs, value, options)
}

const scheduler = {
  wait: (delayMs: unknown, options?: { readonly signal?: AbortSignal }) => timeoutPromise(delayMs, undefined, options),
  yield: () => promisedImmediate(undefined),
}

export const promisedTimers: object = {
  ...timersPromises,
  setTimeout: timeoutPromise,
  setImmediate: promisedImmediate,
  setInterval: intervalPromise,
  scheduler,
}

/** The timers of the running program, in virtual time. */
export const simulatedTimers: { readonly [name: string]: (...args: never[]) => unknown } = {
  setTimeout: Object.assign(
    (run: Run, delayMs: unknown, ...args: unknown[]) => new SimulatedTimer(runningLife(), run, delayMs, args, false),
    { [promisify.custom]: timeoutPromise },
  ),
  setInterval: (run: Run, delayMs: unknown, ...args: unknown[]) =>
    new SimulatedTimer(runningLife(), run, delayMs, args, true),
  setImmediate: Object.assign((run: Run, ...args: unknown[]) => new SimulatedImmediate(runningLife(), run, args), {
    [promisify.custom]: promisedImmediate,
  }),
  clearTimeout: clearTimer,
  clearInterval: clearTimer,
  clearImmediate: clearTimer,
}
