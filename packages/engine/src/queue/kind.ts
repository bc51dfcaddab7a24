import type { ThreadScript } from '../built-file.ts'
import type { Job } from '../jobs/job.ts'
import type { ThreadLimits } from '../jobs/thread-pool.ts'
import type { Store } from './parcel.ts'

/** A job that workers can run. Anyone who reaches the Redis can write to it, so specs and results are validated. */
export interface QueuedKind<Spec extends object, Result> {
  readonly job: Job<Spec, Result>
  /** The script of the threads that run the job, and their limits. */
  readonly script: ThreadScript
  readonly limits?: ThreadLimits | undefined
  /**
   * @param paths The files that were sent with the job. The spec may name them.
   * @throws if the data is not a spec of this kind.
   */
  readSpec(data: unknown, paths: ReadonlySet<string>): Spec
  /** @throws if the data cannot be a worker's result for the spec. */
  readResult(data: unknown, spec: Spec): Result
  title(spec: Spec): string
  /** Whether another attempt may find more than this result. If so, the result is not kept. */
  isPassing?(result: Result): boolean
  /** The texts that a worker needs, which the spec names by hash (`cargo.ts`). */
  cargo?(spec: Spec): Cargo
  /**
   * Runs on a worker: translates the spec's names to this machine.
   *
   * @throws UserError for data that is not on this machine.
   */
  bring?(spec: Spec, store: LocalStore): Promise<Spec>
}

/** Maps the hash of a text to a function that returns the text. The function is called when the text is sent. */
export type Cargo = ReadonlyMap<string, () => string>

/**
 * A worker's access to the texts that coordinators have sent with jobs. `home` is a directory in which the worker can
 * store files.
 */
export interface LocalStore extends Store {
  readonly home: string
}

/** A kind of job whose spec and result types are hidden. Its functions take only specs and results of this kind. */
export type AnyKind = Omit<QueuedKind<object, unknown>, 'job'> & { readonly job: Job<never, unknown> }
