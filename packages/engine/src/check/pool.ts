import { createThreads } from '../threads.ts'
import { type Calls, createCalls, isWithinCall, whenStuck } from './calls.ts'
import { megabytes } from './check-file.ts'
import { bytesOf } from './named-file.ts'
import { type CheckSpec, modelFileOf } from './options.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'
import { createStopwatch, isDeciding, whenOver } from './stopwatch.ts'
import type * as worker from './worker.ts'
import type { Timed } from './worker.ts'

type InputOf<Work extends keyof typeof worker> = Parameters<(typeof worker)[Work]>[0]['input']
type OutcomeOf<Work extends keyof typeof worker> = Awaited<ReturnType<(typeof worker)[Work]>>

/** Runs tasks on a number of other threads, each task within hard limits. */
export interface CheckPool {
  readonly threads: number
  /** Resolves with the thread's result, or with why the thread was ended. */
  check(task: CheckTask): Promise<CheckResult>
  /**
   * The same for any function of the worker. It starts once a thread is free, and can be cancelled.
   *
   * @throws AbortError if it was cancelled.
   */
  run<Work extends keyof typeof worker>(
    work: Work,
    task: CheckTask,
    input: InputOf<Work>,
    calledOff?: AbortSignal,
  ): Promise<OutcomeOf<Work> | StoppedFile | FileTrouble>
  close(): Promise<void>
}

/**
 * A check watches its own time limit. One that overruns it by 5%, and by at least a second, is ended from outside.
 */
const hardLimitMs = (timeoutMs: number): number => Math.max(timeoutMs * 1.05, timeoutMs + 1_000)

const READING_AT_LEAST_MS = 5_000
/** A thirtieth of one core's speed on plain lines, since other programs may keep the processors busy. */
const READING_BYTES_PER_MS = 5_000

/** Reading does not watch the clock, but must end too, say for a file that uncompresses to terabytes. */
const readingLimitMs = ({ file, settings }: CheckTask): number =>
  Math.max(settings.timeoutMs, READING_AT_LEAST_MS + bytesOf([{ file }]) / READING_BYTES_PER_MS)

/** Memory for the program and the history's texts; the search accounts for its own tables. */
const HEAP_ALLOWANCE_MB = 1024

export function createCheckPool(threads: number, settings: CheckSpec): CheckPool {
  const pool = createThreads('check-worker', threads, {
    maxOldGenerationSizeMb: Math.ceil(settings.memoryBytes / 1e6) + HEAP_ALLOWANCE_MB,
  })
  let idle = threads
  const waiting: (() => void)[] = []
  // The pool has its own queue, but a task's time limit must not start while it waits there.
  const turn = (): Promise<void> => {
    if (idle > 0) {
      idle -= 1
      return Promise.resolve()
    }
    return new Promise((resolve) => waiting.push(resolve))
  }
  const pass = (): void => {
    const next = waiting.shift()
    if (next === undefined) idle += 1
    else next()
  }
  async function run<Work extends keyof typeof worker>(
    work: Work,
    task: CheckTask,
    input: InputOf<Work>,
    calledOff?: AbortSignal,
  ): Promise<OutcomeOf<Work> | StoppedFile | FileTrouble> {
    await turn()
    const late = new AbortController()
    const stopwatch = createStopwatch()
    const limits = { readingMs: readingLimitMs(task), decidingMs: hardLimitMs(settings.timeoutMs) }
    const stopWatching = whenOver(stopwatch, limits, () => late.abort())
    const calls = createCalls()
    const stopCounting = modelFileOf(settings) === undefined ? () => {} : whenStuck(calls, () => late.abort())
    const signal = calledOff === undefined ? late.signal : AbortSignal.any([late.signal, calledOff])
    const timed: Timed<typeof input> = { input, stopwatch, calls }
    try {
      return await pool.run<OutcomeOf<Work>>(work, timed, signal)
    } catch (error) {
      const deciding = isDeciding(stopwatch)
      return (
        (calledOff?.aborted === true ? undefined : troubleWithModel(error, task, deciding, calls)) ??
        stoppedBy(error, task, { late: late.signal.aborted, deciding })
      )
    } finally {
      stopWatching()
      stopCounting()
      pass()
    }
  }
  return { threads, run, check: (task) => run('checkOne', task, task), close: pool.close }
}

/**
 * Why the user's own model ended the thread, if it did: it never returned, took all memory, or failed asynchronously.
 */
function troubleWithModel(
  error: unknown,
  { file, settings }: CheckTask,
  deciding: boolean,
  calls: Calls,
): FileTrouble | undefined {
  const path = modelFileOf(settings)
  if (path === undefined) return undefined
  const trouble = (what: string): FileTrouble => ({ file, trouble: { code: 'input', message: `${path}: ${what}` } })
  const {
    code,
    name = '',
    message = '',
  } = error as { readonly code?: string; readonly name?: string; readonly message?: string }
  if (code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const allowed = megabytes(settings.memoryBytes)
    return deciding
      ? trouble(`out of memory (see --memory ${allowed}) while its states were explored. Do they grow without bound?`)
      : undefined
  }
  if (name !== 'AbortError') return trouble(`ended the check: ${message}`)
  return isWithinCall(calls)
    ? trouble('one of its functions does not return. Look for a loop without an end.')
    : undefined
}

function stoppedBy(
  error: unknown,
  task: CheckTask,
  { late, deciding }: { readonly late: boolean; readonly deciding: boolean },
): StoppedFile {
  const { file, settings } = task
  if (late && !deciding) {
    const limit = `${(readingLimitMs(task) / 1000).toFixed(1)} s`
    return {
      file,
      stopped: `${file}: out of time while reading (see --timeout): stopped after ${limit}, and nothing is known`,
    }
  }
  if (late) return { file, stopped: `${file}: out of time (see --timeout): stopped, since it did not stop by itself` }
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const allowed = megabytes(settings.memoryBytes)
    return { file, stopped: `${file}: out of memory (see --memory ${allowed}): stopped, and nothing is known` }
  }
  throw error
}
