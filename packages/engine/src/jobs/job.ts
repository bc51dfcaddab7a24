import { UserError } from '@chaosproxy/history'
import type { Ill, Progress, Reading } from '@chaosproxy/targets/watchdog'

/** One kind of work on data, such as searching a range of seeds. Done twice, it gives one result. */
export interface Job<Spec extends object, Result> {
  /** Also the name of the function that does it in the script of a thread. */
  readonly kind: string
  /**
   * The files whose content its result depends on: code of users, or what they recorded. Undefined if it reads what can
   * be read only once, such as stdin.
   */
  readonly reads: (spec: Spec) => readonly string[] | undefined
  /** Does it on this thread. */
  readonly run: (task: Task<Spec>) => Promise<Result>
}

/** What a thread is given. */
export interface Task<Spec extends object> {
  readonly spec: Spec
  /** Where it reports how far it is, and finds whether to begin nothing else. */
  readonly progress: Progress
}

/** How to follow a job, and end it. */
export interface Doing {
  /** Gives the job up, whatever it is at. */
  readonly signal?: AbortSignal | undefined
  /** Asks it to begin nothing else, and to end with what it has. */
  readonly stop?: AbortSignal | undefined
  /** Where it runs code of users: how many looks, four a second, may find it in the same call. */
  readonly looks?: number | undefined
  /** Which call is to describe itself, counted from 1. */
  readonly wanted?: number | undefined
}

export type JobEnd<Result> =
  | { readonly type: 'done'; readonly value: Result }
  | ({ readonly type: 'given up' } & Left)
  /** It was in code of a user that does not return, or takes all memory. */
  | ({ readonly type: 'stopped'; readonly why: Ill } & Left)
  | ({ readonly type: 'failed'; readonly error: unknown } & Left)

/** How far a job had come when it was ended. */
export interface Left {
  readonly reading: Reading
  readonly described: string
}

/** A job that was given up because it ended every worker that tried it. */
export class PoisonousJob extends UserError {
  constructor(title: string) {
    super('environment', `${title}: three workers ended while they did it, so it was given up`)
  }
}

/** What does jobs: this thread, threads of this machine, workers on other machines. */
export interface Pool {
  /** How many it does at a time. */
  readonly width: number
  do<Spec extends object, Result>(job: Job<Spec, Result>, spec: Spec, doing?: Doing): Promise<JobEnd<Result>>
  close(): Promise<void>
}

/** Hands out specs as long as there are any, each once the pool has room; the results come in any order. */
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
 * The result of a job that is never given up.
 *
 * @param title what it was, in words.
 * @throws what it threw; UserError (environment) if its thread was ended.
 */
export function doneOf<Result>(end: JobEnd<Result>, title: string): Result {
  if (end.type === 'done') return end.value
  if (end.type === 'failed') throw end.error
  if (end.type === 'given up') throw new Error(`${title} was given up`)
  throw new UserError(
    'environment',
    end.why === 'memory'
      ? `${title} took more memory than its thread may, and was stopped. Look for state that grows without an end, or make it shorter.`
      : `${title} did not return, and was stopped. Look for a loop without an end.`,
  )
}
