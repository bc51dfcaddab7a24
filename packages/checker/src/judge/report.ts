import type { Json, Stamps } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Level } from '../levels/levels.ts'
import type { Accounting } from '../verdict/accounting.ts'
import type { Verdicts } from '../verdict/verdict.ts'
import type { Staleness } from './staleness.ts'

/**
 * The answer of `check`: the levels of one judge, strongest first, with verdicts. `Report<string>` is the answer of any
 * judge.
 */
export interface Report<Name extends string = Level> {
  readonly model: string
  readonly levels: Verdicts<Name>
  readonly headline: string
  /**
   * The operations of unknown outcome. Every explanation needs those in `happened`, and may use or omit those in
   * `undecided`; the rest of `total` is impossible. For objects other than registers, only `total` is known.
   */
  readonly info: {
    readonly total: number
    readonly happened?: number | undefined
    readonly undecided?: number | undefined
  }
  /** Acknowledged writes that no replica returns, or that older writes overwrote. */
  readonly lost: readonly LostWrite[]
  /** For sets, queues, ids and counters: the fate of each element. */
  readonly accounting?: Accounting | undefined
  /** How far behind reads were; absent if it was not measured (see `CheckOptions`) or cannot be. */
  readonly staleness?: Staleness | undefined
  /** For transactions: the anomalies found, and the assumptions of the verdicts. */
  readonly transactions?: TransactionFacts | undefined
  /** How the uncertainty of several clocks limits the verdicts. Absent if a single clock timed the history. */
  readonly clocks?: ClockCost | undefined
  /** How the unknown order of some events limits the verdicts. Absent if stamps order all events. */
  readonly stamps?: StampCost | undefined
}

export interface LostWrite {
  readonly key: string | undefined
  readonly value: Json
  readonly operation: OperationRow
  /**
   * Whether the write is an append that no other write can have replaced. Such an append is lost whatever happened to
   * other writes.
   */
  readonly isAppend?: true
}

/** What verdicts lose because the clocks of several machines are known only within bounds. */
export interface ClockCost {
  /** The number of different clocks that gave times to operations. The reference clock does not count. */
  readonly clocks: number
  /** The uncertainty of an event's time: maximum and median. Null if nothing is known about a clock. */
  readonly withinNanos: { readonly max: number | null; readonly p50: number | null }
  /**
   * The number of ordered pairs of operations for which the clocks leave open whether the first returned before the
   * second was called. Both operations of a pair concern one object, and different clocks timed them. Two operations
   * count twice if each may have returned before the other was called.
   */
  readonly unordered: number
  /** The number of operations that are shorter than the uncertainty of their times. */
  readonly cramped: number
  /** The undecided levels that exact clocks would decide. */
  readonly undecided: readonly string[]
}

interface StampCost extends Pick<Stamps, 'resolutionNanos' | 'skewNanos'> {
  /** The undecided levels that a complete order of the events would decide. */
  readonly undecided: readonly string[]
}

/** Facts about a history of transactions, in addition to the verdicts. */
export interface TransactionFacts {
  /** The levels that are met and that no other met level implies. */
  readonly strongest: readonly string[]
  /** By name (`G2-item`, `lost-update`): how often the anomaly was found, and the transactions of one instance. */
  readonly anomalies: {
    readonly [name: string]: { readonly count: number; readonly first: readonly OperationRow[] }
  }
  /** Assumptions about the order of versions. */
  readonly assumed: readonly string[]
  readonly judged: {
    /** The number of committed transactions, and of transactions without an answer whose effects were seen. */
    readonly transactions: number
    /** The number of reads by committed transactions, and the number of those reads whose version is known. */
    readonly reads: { readonly total: number; readonly withSource: number }
  }
}
