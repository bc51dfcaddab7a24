import type { Json } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Reason } from './reason.ts'

/** Per level: met with evidence, violated with evidence, or honestly unknown; never one folded into another. */
export type Verdict =
  | { readonly result: 'met'; readonly witness: Witness }
  | { readonly result: 'violated'; readonly counterexample: Counterexample }
  | { readonly result: 'unknown'; readonly reason: Reason }

export type Witness =
  /** A legal total order of each key's operations (linearizability is local), or of all of them (sequential). */
  | { readonly kind: 'order'; readonly orders: readonly WitnessOrder[] }
  /** What all final reads of each key agreed on. */
  | {
      readonly kind: 'convergence'
      readonly values: readonly { readonly key: string | undefined; readonly value: Json }[]
    }
  /**
   * Causal convergence: what each read saw (no write: the initial value), and one order of all writes and reads. It contains
   * their causal order, and each read's source is the last write of its key in the read's causal past.
   */
  | {
      readonly kind: 'arbitration'
      readonly order: readonly OperationRow[]
      readonly sources: readonly { readonly read: OperationRow; readonly write: OperationRow | undefined }[]
    }
  /** Every read was examined, and none contradicts the level. */
  | { readonly kind: 'checked' }
  /** A stronger level holds. */
  | { readonly kind: 'implied'; readonly by: string }

export interface WitnessOrder {
  /** Absent if the order spans all keys, or the history has none. */
  readonly key?: string | undefined
  /** Completed operations, and the `info` ones that took effect, in a legal order. */
  readonly operations: readonly OperationRow[]
}

/** What the operations of a contradiction come to. */
export interface Balance {
  /** The end of the counterexample's sentence: `Account e opened with …`. */
  readonly sentence: string
  /** The account that they overdraw, and by how much. */
  readonly overdrawn?: { readonly account: string; readonly by: number } | undefined
  /** How much more (or, if negative, less) a read shows in all accounts than there can be. */
  readonly excess?: number | undefined
}

/**
 * The smallest explanation found: at most `MOST_OPERATIONS` operations. Taken alone they still violate the level, unless
 * `uncut` says that this could not be verified.
 */
export interface Counterexample {
  readonly level: string
  /** What happened, in a sentence that names processes, values, nodes and times. */
  readonly sentence: string
  /** The sum of its operations, for models that keep accounts. */
  readonly balance?: Balance | undefined
  /** In order of invocation. */
  readonly operations: readonly CounterexampleOperation[]
  /** Their keys, if operations have keys. */
  readonly keys: readonly string[]
  /** The operation after which no explanation is left: usually the impossible read. */
  readonly culprit?: OperationRow | undefined
  /** The values the object may have had when the culprit was invoked, if known. */
  readonly statesBefore?: readonly Json[] | undefined
  /** Why each must come before the next, if the contradiction is a cycle of orders. */
  readonly edges?: readonly OrderEdge[] | undefined
  /** Present if fewer operations might show it. */
  readonly uncut?: Uncut | undefined
  /** For transactions: the anomaly, such as `G2-item`. */
  readonly anomaly?: string | undefined
  /** For transactions: what developers call it, and what prevents it. */
  readonly story?: TransactionStory | undefined
  /** For transactions: what each did that matters, and what leads from one to another. */
  readonly transactions?: TransactionDrawing | undefined
}

/** An anomaly of transactions as developers know it. */
export interface TransactionStory {
  /** `write skew`; undefined if it has no such name. */
  readonly name: string | undefined
  /** What it did to users, as a headline. */
  readonly title: string
  /** The mechanism, in one sentence. */
  readonly cause: string
  /** What prevents it, in one line. */
  readonly cure: string
  /** The weakest level that refuses it. */
  readonly refusedBy: string
}

/** Transactions as they are drawn. */
export interface TransactionDrawing {
  /** By invocation: T1, T2, … of the sentence. */
  readonly parts: readonly DrawnTransaction[]
  /** Of a cycle: each leads from a transaction to one that comes after it, and the last back to the first. */
  readonly arrows: readonly TransactionArrow[]
  /** Whether the arrows are a cycle; otherwise what one read rests on. */
  readonly isCycle: boolean
}

export interface DrawnTransaction {
  readonly operation: OperationRow
  /** The micro-operations that matter, in their order. */
  readonly steps: readonly DrawnStep[]
  /** How many others it has. */
  readonly others: number
  /** Why it is there, if it is not on the cycle, or not wrong itself: `shows that T1 wrote x before T3`. */
  readonly why?: string | undefined
  /** The transactions that it is made of, if it was judged as one and is none. */
  readonly members?: readonly OperationRow[] | undefined
}

export interface DrawnStep {
  /** `read x = [1,2]`, `append 3 to x`. */
  readonly text: string
  /** The statement that did it, if the recorder knows that. */
  readonly sql?: string | undefined
  /** Whether it is wrong by itself. */
  readonly isWrong?: boolean | undefined
}

/** The end of an arrow: a part, and one of its steps unless it is the part as a whole. */
export interface ArrowEnd {
  readonly part: number
  readonly step?: number | undefined
}

/** Why a transaction comes before another. */
export interface TransactionArrow {
  readonly from: ArrowEnd
  readonly to: ArrowEnd
  /** It wrote the version before the other's, wrote what the other read, or read what the other replaced. */
  readonly edge: 'ww' | 'wr' | 'rw' | 'session' | 'real time'
  readonly key?: string | undefined
  readonly because: string
}

/** More operations than this are not shown as one counterexample. */
export const MOST_OPERATIONS = 200

/** Why a counterexample was not reduced further. */
export interface Uncut {
  /** `size`: the smallest explanation found has more operations than are shown. `unasked`: reducing it was not requested. */
  readonly why: 'time' | 'memory' | 'size' | 'unasked'
  /** The number of operations it was found among. */
  readonly among: number
  /** Whether the operations shown violate the level by themselves; false if that could not be verified. */
  readonly standsAlone: boolean
}

interface CounterexampleOperation {
  readonly operation: OperationRow
  /** `core`: without it there is no contradiction. `context`: shown because it helps a person see it. */
  readonly role: 'core' | 'context'
}

export interface OrderEdge {
  readonly before: OperationRow
  readonly after: OperationRow
  readonly reason: 'process order' | 'real time' | 'reads from' | 'overwritten after' | 'overwritten before'
  /**
   * For an order that a read shows: the read, and the chain of orders that puts the write in question before that read or,
   * if the read itself must come first, before the write that replaced what it saw.
   */
  readonly shownBy?: { readonly read: OperationRow; readonly chain: readonly OrderEdge[] } | undefined
}

/** The same verdict on another level. */
export const ofLevel = (level: string, verdict: Verdict): Verdict =>
  verdict.result === 'violated' ? { result: 'violated', counterexample: { ...verdict.counterexample, level } } : verdict

/** A verdict for each level that a judge decides, strongest first. */
export type Verdicts<Name extends string = string> = { readonly [level in Name]: Verdict }

const UNJUDGED: Verdict = {
  result: 'unknown',
  reason: { kind: 'unasked', text: 'this model does not have that level' },
}

/** The verdict on a level of any judge: unknown if the report's judge has no such level. */
export const verdictOf = ({ levels }: { readonly levels: Verdicts }, level: string): Verdict =>
  Object.hasOwn(levels, level) ? levels[level] : UNJUDGED
