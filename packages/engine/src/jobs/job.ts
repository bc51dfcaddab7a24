import { environmentError, UserError } from '@chaosproxy/history'
import type { Tagged } from '@chaosproxy/protocols'
import type { Ill, Progress, Reading } from '@chaosproxy/targets/watchdog'

/** A kind of work on data. Repeating a job gives the same result. */
export interface Job<Spec extends object, Result> {
  /** The name of the kind, which is also the name of its function in the thread's script. */
  readonly kind: string
  /** The files that the result depends on. Undefined if the input can be read only once, such as stdin. */
  readonly reads: (spec: Spec) => readonly string[] | undefined
  readonly run: (task: Task<Spec>) => Promise<Result>
}

export interface Task<Spec extends object> {
  readonly spec: Spec
  /** Reports progress, and returns whether to stop. */
  readonly progress: Progress
}

export interface Doing {
  readonly signal?: AbortSignal | undefined
  /** Asks the job to begin no new work, and to return the results so far. */
  readonly stop?: AbortSignal | undefined
  /**
   * The job is polled four times a second. It is stopped if more than this number of consecutive polls find it in the
   * same call of users' code.
   */
  readonly looks?: number | undefined
  /** The number of the call to describe, counted from 1. */
  readonly wanted?: number | undefined
}

export type JobEnd<Result> = Tagged<
  'type',
  {
    done: { value: Result }
    'given up': Left
    /** Users' code did not return, or took all memory. */
    stopped: { why: Ill } & Left
    failed: { error: unknown } & Left
  }
>

interface Left {
  readonly reading: Reading
  readonly described: string
}

/** The error for a job that is given up because every worker that tried it ended. */
export class PoisonousJob extends UserError {
  constructor(title: string) {
    super('environment', `${title}: three workers ended while running it, so it was given up`)
  }
}

/** Runs jobs: on this thread, on threads of this machine, or by workers on other machines. */
export interface Pool {
  readonly width: number
  do<Spec extends object, Result>(job: Job<Spec, Result>, spec: Spec, doing?: Doing): Promise<JobEnd<Result>>
  close(): Promise<void>
}

/** Performs a task for each spec, whenever the pool has a free slot. Results come in any order. */
export async function doEach<Spec, Result>(
  width: number,
  specs: Iterable<Spec>,
  work: (spec: Spec) => Promise<Result>,
): Promise<void> {
  const left = specs[Symbol.iterator]()
  const turn = async () => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, turn))
}

/**
 * Returns the result of a job. The caller must not have cancelled the job.
 *
 * @param title the job, in words.
 *
 * @throws the job's error; UserError (environment) if its thread was ended.
 */
export function doneOf<Result>(end: JobEnd<Result>, title: string): Result {
  if (end.type === 'done') return end.value
  if (end.type === 'failed') throw end.error
  if (end.type === 'given up') throw new Error(`${title} was given up`)
  throw environmentError(
    end.why === 'memory'
      ? `${title} exceeded the memory limit of its thread, and was stopped. Look for state that grows without bound, or do less at a time.`
      : `${title} did not return, and was stopped. Look for an endless loop.`,
  )
}
