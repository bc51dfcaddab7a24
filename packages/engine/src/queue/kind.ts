import type { ThreadScript } from '../built-file.ts'
import type { Job } from '../jobs/job.ts'
import type { ThreadLimits } from '../jobs/thread-pool.ts'
import type { Store } from './parcel.ts'

/**
 * A kind of job that can be sent to workers. Anyone who reaches the Redis can write to it, so specs and results are validated
 * like any other input.
 */
export interface QueuedKind<Spec extends object, Result> {
  readonly job: Job<Spec, Result>
  /** The threads that do it, and what they may take. */
  readonly script: ThreadScript
  readonly limits?: ThreadLimits | undefined
  /** @param paths the files that were sent along, which it may name. @throws if it is no such spec. */
  readonly readSpec: (data: unknown, paths: ReadonlySet<string>) => Spec
  /** @throws if no worker can have found this for the spec. */
  readonly readResult: (data: unknown, spec: Spec) => Result
  /** In words, such as `64 seeds of raft from 65`. */
  readonly title: (spec: Spec) => string
  /** Whether another attempt may know more, so that the answer is not kept: there was too little time, say. */
  readonly isPassing?: (result: Result) => boolean
  /** Texts that a worker needs beside the spec, which names them by their hashes (`cargo.ts`). */
  readonly cargo?: (spec: Spec) => Cargo
  /** On a worker: the spec with the names that its data has here. @throws UserError for data that is not here. */
  readonly bring?: (spec: Spec, store: LocalStore) => Promise<Spec>
}

/** Texts by their hashes, made when they are sent. */
export type Cargo = ReadonlyMap<string, () => string>

/** What was sent, and a folder of the worker's own for it. */
export interface LocalStore extends Store {
  readonly home: string
}

/** A kind whose types only itself knows. */
export interface AnyKind
  extends Omit<QueuedKind<object, unknown>, 'job' | 'readResult' | 'title' | 'isPassing' | 'cargo' | 'bring'> {
  readonly job: Job<never, unknown>
  readonly readResult: (data: unknown, spec: never) => unknown
  readonly title: (spec: never) => string
  readonly isPassing?: (result: never) => boolean
  readonly cargo?: (spec: never) => Cargo
  readonly bring?: (spec: never, store: LocalStore) => Promise<object>
}
