import { Tinypool } from 'tinypool'
import type { CheckResult, CheckTask, StoppedFile } from './check-file.ts'
import type { CheckSettings } from './settings.ts'
import type * as worker from './worker.ts'

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
    input: Parameters<(typeof worker)[Work]>[0],
    calledOff?: AbortSignal,
  ): Promise<Awaited<ReturnType<(typeof worker)[Work]>> | StoppedFile>
  close(): Promise<void>
}

/**
 * A check keeps its limits by itself; what does not is ended from outside at 5% beyond, and at least a second beyond, since
 * a short check may be busy writing its report.
 */
const hardLimitMs = (timeoutMs: number): number => Math.max(timeoutMs * 1.05, timeoutMs + 1_000)

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
    const timer = setTimeout(() => late.abort(), hardLimitMs(settings.timeoutMs))
    const signal = calledOff === undefined ? late.signal : AbortSignal.any([late.signal, calledOff])
    try {
      return await pool.run(input, { name: work, signal })
    } catch (error) {
      return stoppedBy(error, task, late.signal.aborted)
    } finally {
      clearTimeout(timer)
      pass()
    }
  }
  return { threads, run, check: (task) => run('checkOne', task, task), close: () => pool.destroy() }
}

function stoppedBy(error: unknown, { file, settings }: CheckTask, late: boolean): StoppedFile {
  if (late) return { file, stopped: `${file}: out of time (see --timeout): stopped, since it did not stop by itself` }
  if (error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY') {
    const allowed = `${Math.round(settings.memoryBytes / 1e6)} MB`
    return { file, stopped: `${file}: out of memory (see --memory ${allowed}): stopped, and nothing is known` }
  }
  throw error
}
