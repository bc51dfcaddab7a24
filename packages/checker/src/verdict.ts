import type { Json } from '@chaosproxy/history'
import type { OperationRow } from './operation-row.ts'

/** Per level: met with evidence, violated with evidence, or honestly unknown; never one folded into another. */
export type Verdict =
  | { readonly result: 'met'; readonly witness: Witness }
  | { readonly result: 'violated'; readonly counterexample: Counterexample }
  | { readonly result: 'unknown'; readonly reason: string }

export type Witness =
  /** A legal total order of each key's operations (linearizability is local), or of all of them (sequential). */
  | { readonly kind: 'order'; readonly orders: readonly WitnessOrder[] }
  /** What all final reads of each key agreed on. */
  | {
      readonly kind: 'convergence'
      readonly values: readonly { readonly key: string | undefined; readonly value: Json }[]
    }
  /**
   * Causal convergence: what each read saw (no write: the initial value), and one order of all writes and reads that contains
   * the causal order of those, by which each read's source is the last write of its key in the read's causal past.
   */
  | {
      readonly kind: 'arbitration'
      readonly order: readonly OperationRow[]
      readonly sources: readonly { readonly read: OperationRow; readonly write: OperationRow | undefined }[]
    }
  /** Every read was looked at, and none contradicts the level. */
  | { readonly kind: 'checked' }
  /** A stronger level holds. */
  | { readonly kind: 'implied'; readonly by: string }

export interface WitnessOrder {
  /** Absent where the order spans all keys, or the history has none. */
  readonly key?: string | undefined
  /** Completed operations and those `info` ones that took effect, in an order that is legal. */
  readonly operations: readonly OperationRow[]
}

/**
 * The smallest explanation found: at most `MOST_OPERATIONS` operations. Taken alone they still violate the level, unless
 * `uncut` says that nobody could make sure of it.
 */
export interface Counterexample {
  readonly level: string
  /** What happened, in a sentence that names processes, values, nodes and times. */
  readonly sentence: string
  /** In order of invocation. */
  readonly operations: readonly CounterexampleOperation[]
  /** The keys they concern, where operations have keys. */
  readonly keys: readonly string[]
  /** The operation after which no explanation is left: the impossible read, as a rule. */
  readonly culprit?: OperationRow | undefined
  /** The values the object may have had when the culprit was invoked, where that is known. */
  readonly statesBefore?: readonly Json[] | undefined
  /** Why each must come before the next, where the contradiction is a cycle of orders. */
  readonly edges?: readonly OrderEdge[] | undefined
  /** Where the operations may not be the fewest that show it. */
  readonly uncut?: Uncut | undefined
}

/** More operations than this are not shown as one counterexample. */
export const MOST_OPERATIONS = 200

/** Why a counterexample was not cut down further. */
export interface Uncut {
  /** `size`: the smallest explanation found has more operations than are shown. `unasked`: nobody wanted it smaller. */
  readonly why: 'time' | 'memory' | 'size' | 'unasked'
  /** How many operations it was found among. */
  readonly among: number
  /** Whether the operations shown violate the level when taken alone; false where that could not be made sure of. */
  readonly standsAlone: boolean
}

export interface CounterexampleOperation {
  readonly operation: OperationRow
  /** `core`: without it there is no contradiction. `context`: shown because it helps a person see it. */
  readonly role: 'core' | 'context'
}

export interface OrderEdge {
  readonly before: OperationRow
  readonly after: OperationRow
  readonly reason: 'process order' | 'real time' | 'reads from' | 'overwritten after' | 'overwritten before'
  /**
   * Of an order that a read shows: the read, and the chain of orders by which the write it rests on comes before that read
   * or, where the read itself must come first, before the write that replaced what it saw.
   */
  readonly shownBy?: { readonly read: OperationRow; readonly chain: readonly OrderEdge[] } | undefined
}

/** A verdict for each level that a judge decides, strongest first. */
export type Verdicts<Name extends string = string> = { readonly [level in Name]: Verdict }

const UNJUDGED: Verdict = { result: 'unknown', reason: 'this model is not judged by that level' }

/** The verdict on a level of any judge: unknown if the report's judge has no such level. */
export const verdictOf = ({ levels }: { readonly levels: Verdicts }, level: string): Verdict =>
  Object.hasOwn(levels, level) ? levels[level] : UNJUDGED
