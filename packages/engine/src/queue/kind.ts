import type { ResourceLimits } from 'node:worker_threads'
import type { ThreadScript } from '../built-file.ts'
import type { Job } from '../jobs/job.ts'

/**
 * A kind of job that travels. Everybody who reaches the Redis can write there: what is done, and what it came to, are
 * validated like any input.
 */
export interface QueuedKind<Spec extends object, Result> {
  readonly job: Job<Spec, Result>
  /** The threads that do it, and their memory. */
  readonly script: ThreadScript
  readonly memory?: Readonly<ResourceLimits> | undefined
  /** @param paths the files that were sent along, which it may name. @throws if it is no such spec. */
  readonly readSpec: (data: unknown, paths: ReadonlySet<string>) => Spec
  /** @throws if no worker can have found this for the spec. */
  readonly readResult: (data: unknown, spec: Spec) => Result
  /** In words, such as `64 seeds of raft from 65`. */
  readonly title: (spec: Spec) => string
}

/** A kind whose types only itself knows. */
export interface AnyKind extends Omit<QueuedKind<object, unknown>, 'job' | 'readResult' | 'title'> {
  readonly job: Job<never, unknown>
  readonly readResult: (data: unknown, spec: never) => unknown
  readonly title: (spec: never) => string
}
