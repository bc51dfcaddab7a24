import { duration } from '@chaosproxy/history'
import { firstOf } from '../jobs/interruption.ts'
import type { Job, JobEnd } from '../jobs/job.ts'
import { createThreadPool } from '../jobs/thread-pool.ts'
import { checkJob } from './jobs.ts'
import { megabytes, mostBytes, whenAbove } from './memory.ts'
import { bytesOf } from './named-file.ts'
import { type CheckSpec, modelFileOf } from './options.ts'
import type { CheckResult, CheckTask, FileTrouble, StoppedFile } from './result.ts'
import { createStopwatch, isDeciding, whenOver } from './stopwatch.ts'
import { LOOKS_AT_MODELS } from './watched-model.ts'
import type { Timed } from './worker.ts'

/** Runs a check's jobs on other threads, within hard limits. */
export interface CheckPool {
  readonly threads: number
  check(task: CheckTask): Promise<CheckResult>
  /**
   * Runs a job of a check once a thread is free.
   *
   * @throws AbortError if the job was cancelled.
   */
  run<Input, Result>(
    job: Job<Timed<Input>, Result>,
    task: CheckTask,
    input: Input,
    calledOff?: AbortSignal,
  ): Promise<Result | StoppedFile | FileTrouble>
  close(): Promise<void>
}

const READING_AT_LEAST_MS = 5_000
/** A thirtieth of the reading speed of one core, because other programs may use the processor. */
const READING_BYTES_PER_MS = 5_000
/**
 * The assumed speed of a poor connection to an object store. A connection that delivers nothing ends by its own time
 * limit.
 */
const FETCHING_BYTES_PER_MS = 500

/** The time limit for reading, enforced from outside. A file may decompress to terabytes. */
function readingLimitMs(task: CheckTask): number {
  const bytesPerMs = task.stored === undefined ? READING_BYTES_PER_MS : FETCHING_BYTES_PER_MS
  return Math.max(task.settings.timeoutMs, READING_AT_LEAST_MS + bytesOf([task]) / bytesPerMs)
}

/** The maximum memory that the program itself may use before the first check. */
const PROGRAM_BYTES = 120e6

/** Memory for the program and strings. The search accounts for its own tables. */
const HEAP_ALLOWANCE_MB = 1024

/**
 * Creates the pool of a check. It checks `atOnce` files at the same time. If `cancelled` aborts, its jobs end, and
 * throw the signal's reason.
 */
export function createCheckPool(threads: number, settings: CheckSpec, atOnce = 1, cancelled?: AbortSignal): CheckPool {
  const usedBytes = process.memoryUsage.rss()
  const programBytes = Math.min(usedBytes, PROGRAM_BYTES)
  const most = usedBytes - programBytes + mostBytes(settings.memoryBytes, { programBytes, atOnce, threads })
  const pool = createThreadPool('check-worker', threads, {
    maxOldGenerationSizeMb: Math.ceil(settings.memoryBytes / 1e6) + HEAP_ALLOWANCE_MB,
  })
  const looks = modelFileOf(settings) === undefined ? undefined : LOOKS_AT_MODELS
  const run: CheckPool['run'] = async (job, task, input, calledOff) => {
    const late = new AbortController()
    const stopwatch = createStopwatch()
    // A check that exceeds its time limit by 5%, and by at least a second, is ended from outside.
    const limits = {
      readingMs: readingLimitMs(task),
      decidingMs: Math.max(settings.timeoutMs * 1.05, settings.timeoutMs + 1_000),
    }
    let isTooLarge = false
    const stopWatching = [
      whenOver(stopwatch, limits, () => late.abort()),
      whenAbove(most, () => {
        isTooLarge = true
        late.abort()
      }),
    ]
    const { signal, release } = firstOf(late.signal, calledOff, cancelled)
    try {
      const end = await pool.do(job, { input, stopwatch }, { signal, looks })
      if (end.type === 'done') return end.value
      calledOff?.throwIfAborted()
      cancelled?.throwIfAborted()
      const deciding = isDeciding(stopwatch)
      return (
        troubleWithModel(end, task, deciding, isTooLarge) ??
        stoppedBy(end, task, { late: late.signal.aborted, deciding, isTooLarge })
      )
    } finally {
      for (const stop of stopWatching) stop()
      release()
    }
  }
  return { threads, run, check: (task) => run(checkJob, task, task), close: pool.close }
}

type Unfinished = Exclude<JobEnd<unknown>, { readonly type: 'done' }>

/**
 * Returns an error if the check was ended because of the user's model: a function of the model did not return, took all
 * memory, or failed asynchronously.
 */
function troubleWithModel(
  end: Unfinished,
  { file, settings }: CheckTask,
  deciding: boolean,
  isTooLarge: boolean,
): FileTrouble | undefined {
  const path = modelFileOf(settings)
  if (path === undefined) return undefined
  const trouble = (what: string): FileTrouble => ({ file, trouble: { code: 'input', message: `${path}: ${what}` } })
  if (end.type === 'failed')
    return trouble(`ended the check: ${end.error instanceof Error ? end.error.message : String(end.error)}`)
  if (isTooLarge || (end.type === 'stopped' && end.why === 'memory')) {
    const allowed = megabytes(settings.memoryBytes)
    return deciding
      ? trouble(`out of memory (see --memory ${allowed}) while its states were explored. Do they grow without bound?`)
      : undefined
  }
  return end.reading.within === 0
    ? undefined
    : trouble('one of its functions does not return. Look for a loop without an end.')
}

function stoppedBy(
  end: Unfinished,
  task: CheckTask,
  { late, deciding, isTooLarge }: { readonly late: boolean; readonly deciding: boolean; readonly isTooLarge: boolean },
): StoppedFile {
  const { file, settings } = task
  if (isTooLarge || end.type === 'stopped') {
    const allowed = megabytes(settings.memoryBytes)
    return { file, stopped: `${file}: out of memory (see --memory ${allowed}): stopped, and nothing is known` }
  }
  if (late && !deciding) {
    const limit = duration(readingLimitMs(task) * 1e6)
    return {
      file,
      stopped: `${file}: out of time while reading (see --timeout): stopped after ${limit}, and nothing is known`,
    }
  }
  if (late)
    return {
      file,
      stopped: `${file}: out of time (see --timeout): the check was stopped, because it did not end by itself`,
    }
  throw end.type === 'failed' ? end.error : new Error('the pool ended a check that was neither late nor cancelled')
}
