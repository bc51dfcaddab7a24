import type { Json, Millis } from '@chaos/history'
import type { Level } from './level.ts'

export const modelNames = ['register'] as const
export type ModelName = (typeof modelNames)[number]

export interface CheckOptions {
  /** The sequential specification; `register` covers read, write and cas, and get, put and append on strings, keyed or not. */
  readonly model: ModelName
  /** Every object's value before the first write. */
  readonly initial: Json
  /** Which levels to decide; the others are answered only where they follow from these. */
  readonly levels: readonly Level[]
  /** A failed cas `did not happen` (Jepsen), or is an observation that the value was another (Porcupine's etcd model). */
  readonly failedCas: 'drop' | 'observes'
  /** Whether to measure staleness; by default where linearizability was asked for and is violated. */
  readonly staleness?: boolean | undefined
  /** Wall time for everything, minimising counterexamples included. */
  readonly deadlineMs: Millis
  /** What the search structures may grow to, in bytes. */
  readonly memoryBytes: number
  /** A monotonic clock, so that the checker itself reads none. */
  readonly now: () => Millis
}
