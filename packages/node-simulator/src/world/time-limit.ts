import { availableParallelism, loadavg } from 'node:os'
import process from 'node:process'
import vm from 'node:vm'
import { type Millis, millis } from '@chaosproxy/history'
import { drain, resetContexts } from './drain.ts'

const CALLED = Symbol.for('chaosproxy.limited')
/**
 * Node can end an endless loop in this thread only if a `vm.Script` runs the loop. So this script calls the function to
 * run.
 */
const script = new vm.Script(`globalThis[Symbol.for('chaosproxy.limited')]()`)

/**
 * The number of events that run under one timer. With more events, a batch would take more than a fraction of a second.
 * With fewer events, starting the timers would take too much time.
 */
const EVENTS_AT_A_TIME = 200
/** The smallest fraction of a processor that a thread is expected to have. */
const LEAST_SHARE = 1 / 10

/** The operating system's information about the processors. */
export interface Processors {
  share(): number
  usedMs(): number
}

export interface Ended {
  /** The time limit that the call exceeded, in real time. */
  readonly afterMs: Millis
  /** Whether the program used the processor for the whole limit. If not, it might have returned later. */
  readonly isStuck: boolean
}

const ofThisMachine: Processors = {
  // The load average includes this thread. It is 0 on Windows.
  share: () => availableParallelism() / Math.max(availableParallelism(), loadavg()[0] ?? 0),
  usedMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
}

/**
 * Calls `advance` until it returns a result, each time for a limited number of events. A call that uses more than
 * `longestMs` of processor time is stopped, because it may be in an endless loop. The timer for this measures real
 * time. So it is set to a longer time while other processes use the processors.
 *
 * @throws the error that the parameter `ended` returns. `ended` is called during the program's turn.
 */
export function advanceInTime<End>(
  longestMs: Millis | undefined,
  advance: (events: number) => End | undefined,
  { ended, processors = ofThisMachine }: { readonly ended: (how: Ended) => Error; readonly processors?: Processors },
): End {
  for (;;) {
    const end =
      longestMs === undefined
        ? advance(Number.POSITIVE_INFINITY)
        : limited(longestMs, () => advance(EVENTS_AT_A_TIME), { ended, processors })
    if (end !== undefined) return end
  }
}

function limited<T>(
  longestMs: Millis,
  run: () => T,
  { ended, processors }: { readonly ended: (how: Ended) => Error; readonly processors: Processors },
): T {
  const timeoutMs = millis(Math.ceil(longestMs / Math.max(LEAST_SHARE, processors.share())))
  const before = processors.usedMs()
  try {
    return called(timeoutMs, run)
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error
    const isStuck = processors.usedMs() - before >= ENOUGH * longestMs
    const timeoutError = ended({ afterMs: timeoutMs, isStuck })
    // The stopped code may have left callbacks. They may be endless like the stopped code, so they have the same time
    // limit.
    resetContexts()
    try {
      called(timeoutMs, () => drain(() => {}))
    } catch {
      resetContexts()
    }
    throw timeoutError
  }
}

/**
 * A program counts as stuck if it used at least this fraction of the time limit on a processor. The fraction is less
 * than 1, because the timer and the processor time are measured by different clocks.
 */
const ENOUGH = 0.9

function called<T>(timeout: Millis, run: () => T): T {
  const shared = globalThis as { [CALLED]?: unknown }
  shared[CALLED] = run
  try {
    return script.runInThisContext({ timeout }) as T
  } finally {
    delete shared[CALLED]
  }
}
