import { availableParallelism, loadavg } from 'node:os'
import process from 'node:process'
import vm from 'node:vm'
import { type Millis, millis } from '@chaosproxy/history'
import { drain, resetContexts } from './drain.ts'

const CALLED = Symbol.for('chaosproxy.limited')
/** Only scripts can be ended from outside their thread. */
const script = new vm.Script(`globalThis[Symbol.for('chaosproxy.limited')]()`)

/** So many that starting a watch for each batch costs little, and so few that a batch takes a fraction of a second. */
const EVENTS_AT_A_TIME = 200
/** A thread is expected to have at least this part of a processor. */
const LEAST_SHARE = 1 / 10

/** What the operating system tells about the processors. */
export interface Processors {
  /** The part of one that a thread can expect, from 0 to 1. */
  share(): number
  /** The milliseconds of processor time that this process has used. */
  usedMs(): number
}

export interface Ended {
  /** In real time. */
  readonly afterMs: Millis
  /** Whether it had the processor for the whole limit; otherwise nobody knows whether it would return. */
  readonly isStuck: boolean
}

const ofThisMachine: Processors = {
  // The load counts this thread as well. Windows has none.
  share: () => availableParallelism() / Math.max(availableParallelism(), loadavg()[0] ?? 0),
  usedMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  },
}

/**
 * Calls `advance`, with the number of events to process, until it returns an end. If `longestMs` is given, each call is
 * ended once it has taken longer in processor time, wherever it is, since an endless loop never yields. Only real time
 * can end one, so where others take the processors it has as much more of it.
 *
 * @throws the error from `ended` once a call was ended, which is called while the program still has its turn.
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
    const told = ended({ afterMs: timeoutMs, isStuck })
    // Interrupted code left its contexts, and pending callbacks, which may not end either.
    resetContexts()
    try {
      called(timeoutMs, () => drain(() => {}))
    } catch {
      resetContexts()
    }
    throw told
  }
}

/** The timer of the limit and processor time are measured by different clocks. */
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
