import type { Json } from '@chaosproxy/history'
import type { Level } from '../levels/levels.ts'
import type { Limits } from '../limits/budget.ts'
import type { OnlineViolation } from '../online/checker.ts'
import type { Model } from './model.ts'

/** The name of a model in the registry. */
export type ModelName = string

/** What the values of a history mean. */
export type Semantics = Pick<CheckOptions, 'initial' | 'failedCas'>

/** What to hold a history against, and how much time and memory to spend on it. */
export interface CheckOptions<Name extends string = Level> extends Limits {
  /**
   * The sequential specification: a built-in model's name (`register` covers read, write and cas, and get, put and
   * append on strings), or a model of your own. Any model may be keyed.
   */
  readonly model: ModelName | Model<unknown>
  /** Every object's value before the first write; `UNKNOWN_START` if unknown. */
  readonly initial: Json
  /** The levels to decide; others are answered only if they follow from these. */
  readonly levels: readonly Name[]
  /** `drop`, the default: a failed cas did not happen (Jepsen). `observes`: it saw another value (Porcupine). */
  readonly failedCas?: 'drop' | 'observes' | undefined
  /** Whether to measure staleness too, unless the history is linearizable: then no read is stale. */
  readonly staleness?: boolean | undefined
  /**
   * Whether to reduce a violation of linearizability to the few operations that show it (the default); otherwise the
   * counterexample is all operations of the key.
   */
  readonly explain?: boolean | undefined
  /** For transactions of registers: what to assume about the order of versions. Verdicts then rest on it. */
  readonly assume?: readonly string[] | undefined
  /**
   * For transactions that a recorder saw at the wire (see also `asStatements`): judges all that one request did, or that a
   * connection did until it was idle, as one transaction. A violation then shows that no transaction is
   * around statements that belong together.
   */
  readonly unit?: 'request' | 'connection' | undefined
  /**
   * The violation that the online checker found while this history was recorded, if it did. It decides what cannot be
   * decided in the time and memory given. Only for the history as it was recorded, not for a part of it.
   */
  readonly proven?: OnlineViolation | undefined
}
