import { availableParallelism } from 'node:os'
import { STDIN } from '@chaosproxy/history/files'
import type { Tagged } from '@chaosproxy/protocols'
import { doneOf } from '../jobs/job.ts'
import { thisThread } from '../jobs/this-thread.ts'
import type { QueueEvent } from '../queue/pool.ts'
import { checkFile } from './check-file.ts'
import { checkInParallel } from './check-in-parallel.ts'
import { checkJob, lentJob, readJob } from './jobs.ts'
import { isLarge } from './large.ts'
import { type CheckSpec, modelFileOf } from './options.ts'
import { type CheckPool, createCheckPool } from './pool.ts'
import type { CheckResult, CheckTask, FileTrouble } from './result.ts'
import { areSmall } from './small.ts'
import { createStopwatch } from './stopwatch.ts'
import { vetModel } from './vet-model.ts'

export type CheckEvent =
  | QueueEvent
  | Tagged<
      'type',
      {
        reading: { file: string }
        checking: { file: string; operations: number }
        /** `done` is the number of finished files, including this file. */
        checked: { result: CheckResult; done: number }
        /** The keys must be judged together, so the queue's workers have nothing to do for this file. */
        whole: { file: string }
      }
    >

/**
 * Checks files, each within its own limits. Yields the results in order, as soon as possible. `cancelled` ends the
 * checks on other threads.
 *
 * @throws UserError (usage, input) for a user's model that cannot be loaded; the reason of `cancelled` if it aborts.
 */
export async function* checkFiles(
  tasks: readonly (CheckTask | FileTrouble)[],
  spec: CheckSpec,
  listener: (event: CheckEvent) => void = () => {},
  cancelled?: AbortSignal,
): AsyncGenerator<CheckResult, void, undefined> {
  const model = modelFileOf(spec)
  if (model !== undefined) await vetModel(model)
  const threads = threadsFor(tasks, spec)
  const pool = threads === 0 ? undefined : createCheckPool(threads, spec, Math.min(threads, tasks.length), cancelled)
  let done = 0
  const checked = async (task: CheckTask | FileTrouble): Promise<CheckResult> => {
    if ('trouble' in task) return task
    listener({ type: 'reading', file: task.file })
    const result = await checkBy(pool, task, (operations) =>
      listener({ type: 'checking', file: task.file, operations }),
    )
    done += 1
    listener({ type: 'checked', result, done })
    return result
  }
  try {
    if (pool === undefined) for (const task of tasks) yield await checked(task)
    else {
      const running = tasks.map(checked)
      // The loop below handles rejections when it awaits the results.
      for (const result of running) result.catch(() => {})
      for (const result of running) yield await result
    }
  } finally {
    await pool?.close()
  }
}

/** Checks a file. A large file, or the only one, is checked on all threads; any other is checked on one thread. */
function checkBy(
  pool: CheckPool | undefined,
  task: CheckTask,
  checking: (operations: number) => void,
): Promise<CheckResult> {
  const isOwn = modelFileOf(task.settings) !== undefined
  // Only this thread can read stdin. A user's own model always runs on another thread.
  if (pool === undefined || (task.file === STDIN && !isOwn)) return checkHere(task, checking)
  if (isOwn) return task.file === STDIN ? checkReadHere(pool, task) : pool.check(task)
  // A proof contains the orders of operations that the check finds. Only a check on a single thread keeps these orders.
  if (task.settings.prove !== undefined) return pool.check(task)
  return (task.alone && pool.threads > 1) || isLarge(task) ? checkInParallel(pool, task, checking) : pool.check(task)
}

async function checkHere(task: CheckTask, checking: (operations: number) => void): Promise<CheckResult> {
  // Runs on this thread, so that the number of operations is reported immediately.
  const job: typeof checkJob = { ...checkJob, run: ({ spec }) => checkFile(spec.input, { checking }) }
  return doneOf(await thisThread.do(job, { input: task, stopwatch: createStopwatch() }), `the check of ${task.file}`)
}

async function checkReadHere(pool: CheckPool, task: CheckTask): Promise<CheckResult> {
  const read = doneOf(
    await thisThread.do(readJob, { input: task, stopwatch: createStopwatch() }),
    `reading ${task.file}`,
  )
  return 'lent' in read ? pool.run(lentJob, task, read) : read
}

function threadsFor(tasks: readonly { readonly file: string }[], spec: CheckSpec): number {
  const { workers } = spec
  if (workers === undefined && areSmall(tasks)) return modelFileOf(spec) === undefined ? 0 : 1
  const threads = workers ?? availableParallelism()
  return tasks.length === 1 ? threads : Math.min(threads, tasks.length)
}
