import { environmentError, UserError } from '@chaosproxy/history'
import type { Ill, Progress, Reading } from '@chaosproxy/targets/watchdog'

/** One kind of work on data, such as searching a range of seeds. Repeating a job gives the same result. */
export interface Job<Spec extends object, Result> {
  /** The kind, and the name of the function that performs it in the script of a thread. */
  readonly kind: string
  /**
   * The files that the result depends on: users' code, or recordings. Undefined if the job reads an input that can be
   * read only once, such as stdin.
   */
  readonly reads: (spec: Spec) => readonly string[] | undefined
  /** Runs the job on this thread. */
  readonly run: (task: Task<Spec>) => Promise<Result>
}

/** The input of a thread. */
export interface Task<Spec extends object> {
  readonly spec: Spec
  /** Where the job reports its progress, and reads whether to stop beginning new work. */
  readonly progress: Progress
}

/** How to observe a job, and end it. */
export interface Doing {
  /** Cancels the job immediately. */
  readonly signal?: AbortSignal | undefined
  /** Asks the job to begin no new work, and to return the results so far. */
  readonly stop?: AbortSignal | undefined
  /**
   * For jobs that run users' code: how many consecutive polls may find the job in the same call. There are four polls a
   * second.
   */
  readonly looks?: number | undefined
  /** The number of the call that the job describes in its progress, counted from 1. */
  readonly wanted?: number | undefined
}

export type JobEnd<Result> =
  | { readonly type: 'done'; readonly value: Result }
  | ({ readonly type: 'given up' } & Left)
  /** The job was ended because users' code did not return, or took all memory. */
  | ({ readonly type: 'stopped'; readonly why: Ill } & Left)
  | ({ readonly type: 'failed'; readonly error: unknown } & Left)

interface Left {
  readonly reading: Reading
  readonly described: string
}

/** A job that was given up because it ended every worker that tried it. */
export class PoisonousJob extends UserError {
  constructor(title: string) {
    super('environment', `${title}: three workers ended while running it, so it was given up`)
  }
}

/** Runs jobs: on this thread, on threads of this machine, or by workers on other machines. */
export interface Pool {
  /** The number of jobs that the pool runs at the same time. */
  readonly width: number
  do<Spec extends object, Result>(job: Job<Spec, Result>, spec: Spec, doing?: Doing): Promise<JobEnd<Result>>
  close(): Promise<void>
}

/** Performs a task for each spec, taking the next spec once the pool has a free slot. Results come in any order. */
export async function doEach<Spec, Result>(
  width: number,
  specs: Iterable<Spec>,
  work: (spec: Spec) => Promise<Result>,
): Promise<void> {
  const left = specs[Symbol.iterator]()
  const turn = async (): Promise<void> => {
    for (let next = left.next(); next.done !== true; next = left.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: width }, turn))
}

/**
 * Returns the result of a job that is never cancelled.
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
