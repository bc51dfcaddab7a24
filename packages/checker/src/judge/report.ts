import type { Json, Stamps } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Level } from '../levels/levels.ts'
import type { Accounting } from '../verdict/accounting.ts'
import type { Verdicts } from '../verdict/verdict.ts'
import type { Staleness } from './staleness.ts'

/** The answer of `check`: the levels of the model's judge, strongest first. `Report<string>`: of any judge. */
export interface Report<Name extends string = Level> {
  readonly model: string
  readonly levels: Verdicts<Name>
  readonly headline: string
  /**
   * What happened to the operations of unknown outcome: needed by every explanation, impossible, or either. For objects
   * other than registers only their number is known.
   */
  readonly info: {
    readonly total: number
    readonly happened?: number | undefined
    readonly undecided?: number | undefined
  }
  /** Acknowledged writes that no replica remembers, or that older ones overwrote. */
  readonly lost: readonly LostWrite[]
  /** For sets, queues, ids and counters: what became of each element. */
  readonly accounting?: Accounting | undefined
  /** How far behind reads were; absent if it was not measured (see `CheckOptions`) or cannot be. */
  readonly staleness?: Staleness | undefined
  /** For transactions: the anomalies found, and what the verdicts rest on. */
  readonly transactions?: TransactionFacts | undefined
  /** What it cost that its times are by several clocks; absent if they are by one. */
  readonly clocks?: ClockCost | undefined
  /** What it cost that the stamps which order its events leave the order of some open; absent if they do not. */
  readonly stamps?: StampCost | undefined
}

export interface LostWrite {
  readonly key: string | undefined
  readonly value: Json
  readonly operation: OperationRow
  /** Whether it is an append that no write can have replaced, so that it is lost whatever became of others. */
  readonly isAppend?: true
}

/** What it cost that the clocks of several machines are known only within bounds. */
export interface ClockCost {
  /** How many clocks timed operations, besides the one that all times are by. */
  readonly clocks: number
  /** How far the time of an event may be off: at most, and of half of the events. Null if nothing is known of a clock. */
  readonly withinNanos: { readonly max: number | null; readonly p50: number | null }
  /** Real-time orders of operations on one object, by different clocks, that may not hold; 2 for an unordered pair. */
  readonly unordered: number
  /** Operations that were shorter than their times are uncertain. */
  readonly cramped: number
  /** Levels that would be known if the clocks were. */
  readonly undecided: readonly string[]
}

/** What the stamps of a history say of its order. */
interface StampCost extends Pick<Stamps, 'resolutionNanos' | 'skewNanos'> {
  /** Levels that would be known if all events were in order. */
  readonly undecided: readonly string[]
}

/** What was found in a history of transactions besides verdicts. */
export interface TransactionFacts {
  /** The levels that are met and that no other met level implies. */
  readonly strongest: readonly string[]
  /** By name (`G2-item`, `lost-update`): how often it was found, and the transactions of one. */
  readonly anomalies: {
    readonly [name: string]: { readonly count: number; readonly first: readonly OperationRow[] }
  }
  /** What was taken for granted about the order of versions. */
  readonly assumed: readonly string[]
  readonly judged: {
    /** Those that committed, and those without an answer of which something was seen. */
    readonly transactions: number
    /** Reads of committed transactions, and those that showed a known version. */
    readonly reads: { readonly total: number; readonly withSource: number }
  }
}
