import type { Json } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Reason } from './reason.ts'

/**
 * The verdict on one level: met with evidence, violated with evidence, or unknown. If a level is not decided, the
 * verdict is always `unknown`.
 */
export type Verdict =
  | { readonly result: 'met'; readonly witness: Witness }
  | { readonly result: 'violated'; readonly counterexample: Counterexample }
  | { readonly result: 'unknown'; readonly reason: Reason }

export type Met = Extract<Verdict, { readonly result: 'met' }>
export type Violated = Extract<Verdict, { readonly result: 'violated' }>
export type Unknown = Extract<Verdict, { readonly result: 'unknown' }>

/** A level that was checked by examining every read. */
export const CHECKED: Met = { result: 'met', witness: { kind: 'checked' } }

export const unknownBecause = (reason: Reason): Unknown => ({ result: 'unknown', reason })

export type Witness =
  /**
   * A legal total order of the operations of each key (linearizability is local), or of all operations (sequential
   * consistency).
   */
  | { readonly kind: 'order'; readonly orders: readonly WitnessOrder[] }
  /** The result on which all final reads of each key agreed. */
  | {
      readonly kind: 'convergence'
      readonly values: readonly { readonly key: string | undefined; readonly value: Json }[]
    }
  /**
   * Evidence of causal convergence. `sources`: the write that each read saw (none for the initial value). `order`: one
   * order of all writes and reads that contains the causal order. Each read saw the last write of its key in its causal
   * past.
   */
  | {
      readonly kind: 'arbitration'
      readonly order: readonly OperationRow[]
      readonly sources: readonly { readonly read: OperationRow; readonly write: OperationRow | undefined }[]
    }
  /** Every read was examined, and none contradicts the level. */
  | { readonly kind: 'checked' }
  /** The level is met because a stronger level, `by`, is met. */
  | { readonly kind: 'implied'; readonly by: string }

export interface WitnessOrder {
  /** Absent if the order spans all keys, or if the history has no keys. */
  readonly key?: string | undefined
  /** Completed operations, and the operations of unknown outcome that took effect, in a legal order. */
  readonly operations: readonly OperationRow[]
}

/** The operations of a counterexample that contradict each other. */
export const asCore = (rows: Iterable<OperationRow>): Counterexample['operations'] =>
  Array.from(rows, (operation) => ({ operation, role: 'core' }))

export interface Balance {
  /** The sentence that is appended to the counterexample's `sentence`, such as `Account e opened with …`. */
  readonly sentence: string
  /** The account that the operations overdraw, and the amount. */
  readonly overdrawn?: { readonly account: string; readonly by: number } | undefined
  /** The amount by which a read of all accounts shows more (or, if negative, less) money than exists. */
  readonly excess?: number | undefined
}

/**
 * The smallest explanation found: at most `MOST_OPERATIONS` operations. By themselves they still violate the level,
 * unless `uncut` says that this could not be verified.
 */
export interface Counterexample {
  readonly level: string
  /** A sentence that describes what happened, with processes, values, nodes and times. */
  readonly sentence: string
  /**
   * For models with accounts: by how much the counterexample's operations overdraw an account, or by how much a read
   * deviates from the money that exists.
   */
  readonly balance?: Balance | undefined
  /** In order of invocation. */
  readonly operations: readonly CounterexampleOperation[]
  /** The keys of the operations; empty if operations have no keys. */
  readonly keys: readonly string[]
  /** The operation after which no explanation is possible: usually the impossible read. */
  readonly culprit?: OperationRow | undefined
  /** The values that the object may have had at the culprit's invocation. Absent if they are unknown. */
  readonly statesBefore?: readonly Json[] | undefined
  /** The reasons why each operation must precede the next, if the contradiction is a cycle of orders. */
  readonly edges?: readonly OrderEdge[] | undefined
  /** Present if a smaller counterexample might exist. */
  readonly uncut?: Uncut | undefined
  /** For transactions: the anomaly, such as `G2-item`. */
  readonly anomaly?: string | undefined
  /** For transactions: the anomaly's common name, and what prevents it. */
  readonly story?: TransactionStory | undefined
  /** For transactions: the relevant steps of each, and the dependencies between them. */
  readonly transactions?: TransactionDrawing | undefined
}

/** An anomaly of transactions, described in developers' terms. */
export interface TransactionStory {
  /** `write skew`; undefined if the anomaly has no common name. */
  readonly name: string | undefined
  /** The effect on users, as a headline. */
  readonly title: string
  /** The mechanism, in one sentence. */
  readonly cause: string
  /** The remedy, in one line. */
  readonly cure: string
  /** The weakest level that forbids the anomaly. */
  readonly refusedBy: string
}

/** A drawing of transactions. */
export interface TransactionDrawing {
  /** The transactions in order of invocation. The sentence of the explanation calls them T1, T2, and so on. */
  readonly parts: readonly DrawnTransaction[]
  /** In a cycle, each arrow leads from a transaction to one that comes after it, and the last returns to the first. */
  readonly arrows: readonly TransactionArrow[]
  /** Whether the arrows form a cycle; otherwise they show what one read depends on. */
  readonly isCycle: boolean
}

export interface DrawnTransaction {
  readonly operation: OperationRow
  /** The relevant micro-operations, in order. */
  readonly steps: readonly DrawnStep[]
  /** The number of the transaction's micro-operations that are not in `steps`. */
  readonly others: number
  /**
   * The reason why the drawing contains the transaction, such as `shows that T1 wrote x before T3`. Absent for a
   * transaction that is on the cycle or is wrong itself.
   */
  readonly why?: string | undefined
  /** The transactions that were judged together as one; undefined for a single transaction. */
  readonly members?: readonly OperationRow[] | undefined
}

export interface DrawnStep {
  /** `read x = [1,2]`, `append 3 to x`. */
  readonly text: string
  readonly sql?: string | undefined
  readonly isWrong?: boolean | undefined
}

/** The end of an arrow: a step of a transaction, or the whole transaction if `step` is absent. */
export interface ArrowEnd {
  readonly part: number
  readonly step?: number | undefined
}

/** The reason why a transaction comes before another. */
export interface TransactionArrow {
  readonly from: ArrowEnd
  readonly to: ArrowEnd
  /**
   * `ww`: the first transaction wrote the version before the second's. `wr`: it wrote what the second read. `rw`: it
   * read what the second replaced.
   */
  readonly edge: 'ww' | 'wr' | 'rw' | 'session' | 'real time'
  readonly key?: string | undefined
  readonly because: string
}

/** The maximum number of operations shown as one counterexample. */
export const MOST_OPERATIONS = 200

/** The reason why a counterexample was not reduced further. */
export interface Uncut {
  /**
   * `size`: the smallest explanation found has more operations than are shown. `unasked`: no reduction was requested.
   */
  readonly why: 'time' | 'memory' | 'size' | 'unasked'
  /** The number of operations among which the counterexample was found. */
  readonly among: number
  /** Whether the operations shown violate the level by themselves; false if that could not be verified. */
  readonly standsAlone: boolean
}

interface CounterexampleOperation {
  readonly operation: OperationRow
  /** `core`: necessary for the contradiction. `context`: shown to help a person understand it. */
  readonly role: 'core' | 'context'
}

export interface OrderEdge {
  readonly before: OperationRow
  readonly after: OperationRow
  readonly reason: 'process order' | 'real time' | 'reads from' | 'overwritten after' | 'overwritten before'
  /**
   * The evidence for an order with the reason `overwritten before` or `overwritten after`: a read, and a chain of
   * orders. For `overwritten before`, the chain leads from the earlier write to the read. For `overwritten after`, the
   * chain leads from the write whose value the read returned to the write that replaced that value.
   */
  readonly shownBy?: { readonly read: OperationRow; readonly chain: readonly OrderEdge[] } | undefined
}

export const ofLevel = (level: string, verdict: Verdict): Verdict =>
  verdict.result === 'violated' ? { result: 'violated', counterexample: { ...verdict.counterexample, level } } : verdict

export type Verdicts<Name extends string = string> = { readonly [level in Name]: Verdict }

const UNJUDGED: Verdict = {
  result: 'unknown',
  reason: { kind: 'unasked', text: 'this model does not have that level' },
}

/** Returns the verdict of a report on a level; unknown if the model of the report does not have this level. */
export const verdictOf = ({ levels }: { readonly levels: Verdicts }, level: string): Verdict =>
  Object.hasOwn(levels, level) ? levels[level] : UNJUDGED
