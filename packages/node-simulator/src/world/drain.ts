import process from 'node:process'
import { types } from 'node:util'

/** A microtask throws this value, so that Node empties its stack of asynchronous contexts. */
const RESET = Symbol('reset')

/** Runs all pending `nextTick` callbacks and microtasks. Deprecated (DEP0134), but every version of Node has it. */
const tick: () => void = (process as unknown as { _tickCallback(): void })._tickCallback

/** Runs a turn's callbacks until there are none. An error is passed on, and the rest still run. */
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
 * Empties the stack of asynchronous contexts. A tick that ends with an error leaves its context on the stack. Node
 * aborts when it later finds this context.
 */
const emptyContexts = (): void =>
  queueMicrotask(() => {
    throw RESET
  })

/** Empties the stack of asynchronous contexts. Uncaught errors must be intercepted during the call. */
export function resetContexts(): void {
  emptyContexts()
  tick()
}

/** Whether promises can be run to completion here: not in a promise job, nor after an `await`. */
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

/** Intercepts uncaught errors, unhandled rejections and warnings, until the returned function is called. */
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
