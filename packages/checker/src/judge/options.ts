import type { Json } from '@chaosproxy/history'
import type { Level } from '../levels/levels.ts'
import type { Limits } from '../limits/budget.ts'
import type { OnlineViolation } from '../online/checker.ts'
import type { Model } from './model.ts'

/** The name of a model in the registry. */
export type ModelName = string

/** The options that determine what the values of a history mean. */
export type Semantics = Pick<CheckOptions, 'initial' | 'failedCas'>

/** The requirements on a history, and the limits of time and memory for the check. */
export interface CheckOptions<Name extends string = Level> extends Limits {
  /**
   * The sequential specification: a built-in model's name (`register` covers read, write and cas, and get, put and
   * append on strings), or a user-defined model. Any model may be keyed.
   */
  readonly model: ModelName | Model<unknown>
  /** Every object's value before the first write; `UNKNOWN_START` if unknown. */
  readonly initial: Json
  /** The levels to decide. Verdicts on other levels are given only if they follow from the verdicts on these. */
  readonly levels: readonly Name[]
  /**
   * `drop`, the default: a failed cas did not happen (as in Jepsen). `observes`: it saw a different value (as in
   * Porcupine).
   */
  readonly failedCas?: 'drop' | 'observes' | undefined
  /** Whether to measure staleness too. A linearizable history is not measured, because none of its reads is stale. */
  readonly staleness?: boolean | undefined
  /**
   * Whether to reduce a violation of linearizability to the few operations that show it (the default); otherwise the
   * counterexample is all operations of the key.
   */
  readonly explain?: boolean | undefined
  /** For transactions of registers: assumptions about the order of versions, on which the verdicts then depend. */
  readonly assume?: readonly string[] | undefined
  /**
   * For transactions that a recorder captured at the wire (see also `asStatements`): the statements that are judged as
   * one transaction. These are all statements of a request, or all statements of a connection until it was idle. A
   * violation then shows that related statements lack a common transaction.
   */
  readonly unit?: 'request' | 'connection' | undefined
  /**
   * The violation that the online checker found during the recording of this history, if any. This violation decides
   * levels that stay undecided within the given time and memory. Valid only for the complete history as recorded.
   */
  readonly proven?: OnlineViolation | undefined
}
