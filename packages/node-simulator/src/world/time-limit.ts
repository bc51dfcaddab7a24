import vm from 'node:vm'
import type { Millis } from '@chaosproxy/history'
import { drain, resetContexts } from './drain.ts'

const CALLED = Symbol.for('chaosproxy.limited')
/** Only scripts can be ended from outside their thread. */
const script = new vm.Script(`globalThis[Symbol.for('chaosproxy.limited')]()`)

/** So many that starting a watch for each batch costs nothing. */
const EVENTS_AT_A_TIME = 2_000

/**
 * Calls `advance`, with the number of events to process, until it returns an end. If `longestMs` is given, each call is
 * ended once it has taken longer in real time, wherever it is, since an endless loop never yields.
 *
 * @throws the error from `stuck`, once a call was ended.
 */
export function advanceInTime<End>(
  longestMs: Millis | undefined,
  advance: (events: number) => End | undefined,
  stuck: () => Error,
): End {
  for (;;) {
    const end =
      longestMs === undefined
        ? advance(Number.POSITIVE_INFINITY)
        : limited(longestMs, () => advance(EVENTS_AT_A_TIME), stuck)
    if (end !== undefined) return end
  }
}

function limited<T>(timeout: Millis, run: () => T, stuck: () => Error): T {
  try {
    return called(timeout, run)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    const told = stuck()
    // Interrupted code left its contexts, and pending callbacks, which may not end either.
    resetContexts()
    try {
      called(timeout, () => drain(() => {}))
    } catch {
      resetContexts()
    }
    throw told
  }
}

function called<T>(timeout: Millis, run: () => T): T {
  const shared = globalThis as { [CALLED]?: unknown }
  shared[CALLED] = run
  try {
    return script.runInThisContext({ timeout }) as T
  } finally {
    delete shared[CALLED]
  }
}
