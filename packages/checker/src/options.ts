import type { Json, Millis } from '@chaos/history'
import type { Level } from './level.ts'
import type { Model } from './models/model.ts'

/** What a model of the registry is called. */
export type ModelName = string

export interface CheckOptions<Name extends string = Level> {
  /**
   * The sequential specification: the name of one that comes with the checker (`register` covers read, write and cas, and
   * get, put and append on strings), or one of one's own. Each is keyed or not.
   */
  readonly model: ModelName | Model<unknown>
  /** Every object's value before the first write; `UNKNOWN_START` where nobody knows what it was. */
  readonly initial: Json
  /** Which levels to decide; the others are answered only where they follow from these. */
  readonly levels: readonly Name[]
  /** A failed cas `did not happen` (Jepsen), or is an observation that the value was another (Porcupine's etcd model). */
  readonly failedCas: 'drop' | 'observes'
  /** Whether to measure staleness too, unless the history is linearizable: then no read is stale. */
  readonly staleness?: boolean | undefined
  /**
   * Whether a violation of linearizability is cut down to the few operations that show it (as it is by default); otherwise
   * the counterexample is all operations of the key.
   */
  readonly explain?: boolean | undefined
  /** Wall time for everything, minimising counterexamples included. */
  readonly deadlineMs: Millis
  /** What the encoded operations and the tables of the searches may grow to, in bytes. */
  readonly memoryBytes: number
  /** A monotonic clock, so that the checker itself reads none. */
  readonly now: () => Millis
}
