import type { ThreadScript } from '../built-file.ts'
import type { Job } from '../jobs/job.ts'
import type { ThreadLimits } from '../jobs/thread-pool.ts'
import type { Store } from './parcel.ts'

/**
 * A kind of job that can be sent to workers. Anyone who can reach the Redis can write to it, so specs and results are
 * validated like any other input.
 */
export interface QueuedKind<Spec extends object, Result> {
  readonly job: Job<Spec, Result>
  /** The script of the threads that run the job, and their limits. */
  readonly script: ThreadScript
  readonly limits?: ThreadLimits | undefined
  /** @param paths the files sent along, which the spec may name. @throws if it is no such spec. */
  readonly readSpec: (data: unknown, paths: ReadonlySet<string>) => Spec
  /** @throws if no worker can have computed this for the spec. */
  readonly readResult: (data: unknown, spec: Spec) => Result
  /** Describes the job, such as `64 seeds of raft from 65`. */
  readonly title: (spec: Spec) => string
  /**
   * Returns whether another attempt may show more, for instance if there was too little time. Such a result is not
   * kept.
   */
  readonly isPassing?: (result: Result) => boolean
  /** Returns the texts that a worker needs in addition to the spec, which names them by their hashes (`cargo.ts`). */
  readonly cargo?: (spec: Spec) => Cargo
  /**
   * Runs on a worker: returns the spec with this machine's names for its data.
   *
   * @throws UserError for data that is not on this machine.
   */
  readonly bring?: (spec: Spec, store: LocalStore) => Promise<Spec>
}

/** Texts by their hashes, each created when it is sent. */
export type Cargo = ReadonlyMap<string, () => string>

/** The data sent by coordinators, and the worker's folder for it. */
export interface LocalStore extends Store {
  readonly home: string
}

/** A kind of job whose spec and result types are hidden. */
export interface AnyKind
  extends Omit<QueuedKind<object, unknown>, 'job' | 'readResult' | 'title' | 'isPassing' | 'cargo' | 'bring'> {
  readonly job: Job<never, unknown>
  readonly readResult: (data: unknown, spec: never) => unknown
  readonly title: (spec: never) => string
  readonly isPassing?: (result: never) => boolean
  readonly cargo?: (spec: never) => Cargo
  readonly bring?: (spec: never, store: LocalStore) => Promise<object>
}
