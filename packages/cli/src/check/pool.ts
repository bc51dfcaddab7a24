import { Tinypool } from 'tinypool'
import { type Calls, createCalls, isWithinCall, whenStuck } from './calls.ts'
import { megabytes } from './check-file.ts'
import { bytesOf } from './files.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'
import { type CheckSettings, modelFileOf } from './settings.ts'
import { createStopwatch, isDeciding, whenOver } from './stopwatch.ts'
import type * as worker from './worker.ts'
import type { Timed } from './worker.ts'

/** Does work for tasks on other threads, so much at a time, each piece within hard limits. */
export interface CheckPool {
  readonly threads: number
  /** Resolves with what the thread found, or with why it was ended. */
  check(task: CheckTask): Promise<CheckResult>
  /**
   * The same for any function of the worker. It begins when a thread is free, and may be called off.
   *
   * @throws AbortError when it was called off.
   */
  run<Work extends keyof typeof worker>(
    work: Work,
    task: CheckTask,
    input: Parameters<(typeof worker)[Work]>[0]['input'],
    calledOff?: AbortSignal,
  ): Promise<Awaited<ReturnType<(typeof worker)[Work]>> | StoppedFile | FileTrouble>
  close(): Promise<void>
}

/**
 * A check keeps its limits by itself; what has not decided by then is ended from outside at 5% beyond, and at least a
 * second beyond.
 */
const hardLimitMs = (timeoutMs: number): number => Math.max(timeoutMs * 1.05, timeoutMs + 1_000)

const READING_AT_LEAST_MS = 5_000
/** A thirtieth of what one core reads of plain lines: other programs may have the processors meanwhile. */
const READING_BYTES_PER_MS = 5_000

/** Reading does not look at the clock, and must end all the same: what uncompresses to terabytes, say. */
const readingLimitMs = ({ file, settings }: CheckTask): number =>
  Math.max(settings.timeoutMs, READING_AT_LEAST_MS + bytesOf([{ file }]) / READING_BYTES_PER_MS)

/** Beside the search, which counts its own tables, a thread holds the history's texts and the program. */
const HEAP_ALLOWANCE_MB = 1024

export function createCheckPool(threads: number, settings: CheckSettings): CheckPool {
  const pool = new Tinypool({
    filename: new URL('./worker.js', import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    resourceLimits: { maxOldGenerationSizeMb: Math.ceil(settings.memoryBytes / 1e6) + HEAP_ALLOWANCE_MB },
  })
  let idle = threads
  const waiting: (() => void)[] = []
  // The pool has a queue of its own, but a task's time must not begin to run while it waits there.
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
  const run: CheckPool['run'] = async (work, task, input, calledOff) => {
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
      return await pool.run(timed, { name: work, signal })
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
  return { threads, run, check: (task) => run('checkOne', task, task), close: () => pool.destroy() }
}

/** What ended the thread, where that was the user's own model: it never returned, took all memory, or failed elsewhere. */
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
