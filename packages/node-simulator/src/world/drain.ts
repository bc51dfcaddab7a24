import process from 'node:process'
import { types } from 'node:util'

/**
 * Thrown from a microtask to make Node empty its stack of asynchronous contexts; caught by the listener for uncaught
 * errors.
 */
const RESET = Symbol('reset')

/** Runs every pending `nextTick` and microtask, synchronously (deprecated by DEP0134, but present in every Node). */
const tick: () => void = (process as unknown as { _tickCallback(): void })._tickCallback

/**
 * Runs the callbacks that a turn left behind until there are none. An error thrown by a callback is passed on, and the
 * remaining callbacks still run.
 */
export function drain(threw: (error: unknown) => void): void {
  for (;;) {
    try {
      tick()
      return
    } catch (error) {
      threw(error)
      emptyContexts()
    }
  }
}

/**
 * Empties the stack of asynchronous contexts. An error that ends a tick leaves its context on the stack, and Node later
 * aborts when it finds this context.
 */
const emptyContexts = (): void =>
  queueMicrotask(() => {
    throw RESET
  })

/** Empties the stack of asynchronous contexts, while uncaught errors are intercepted. */
export function resetContexts(): void {
  emptyContexts()
  tick()
}

/**
 * Returns whether promises can be run to completion at this point. That is impossible in a promise job, and therefore
 * after every `await`.
 */
export function canDrain(): boolean {
  let done = false
  queueMicrotask(() => {
    done = true
  })
  tick()
  return done
}

type Listener = (...args: unknown[]) => void

const EVENTS = ['unhandledRejection', 'rejectionHandled', 'warning', 'uncaughtExceptionMonitor'] as const

/**
 * Intercepts uncaught errors, unhandled rejections and warnings. The returned function restores the previous listeners.
 */
export function takeUncaught(thrown: (error: unknown, rejected: Promise<unknown> | undefined) => void): () => void {
  if (process.hasUncaughtExceptionCaptureCallback())
    throw new Error('something else in this process captures uncaught exceptions')
  const before = EVENTS.map((name) => [name, process.listeners(name as 'warning') as Listener[]] as const)
  for (const [name] of before) process.removeAllListeners(name)
  process.setUncaughtExceptionCaptureCallback((error) => {
    if ((error as unknown) !== RESET) thrown(error, undefined)
  })
  process.on('unhandledRejection', (reason, promise) => thrown(reason, types.isPromise(promise) ? promise : undefined))
  process.on('warning', () => {})
  return () => {
    process.setUncaughtExceptionCaptureCallback(null)
    for (const [name, listeners] of before) {
      process.removeAllListeners(name)
      for (const listener of listeners) process.on(name as 'warning', listener)
    }
  }
}
