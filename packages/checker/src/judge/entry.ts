import type { History, Json, Meaning } from '@chaosproxy/history'
import type { OperationRow } from '../encoding/operation-row.ts'
import type { Level } from '../levels/levels.ts'
import type { OnlineChecker, OnlineOptions } from '../online/checker.ts'
import type { Accounting } from '../verdict/accounting.ts'
import type { Ladder } from '../verdict/ladder.ts'
import type { Verdicts } from '../verdict/verdict.ts'
import type { CheckOptions, Semantics } from './options.ts'
import type { Report } from './report.ts'

/** A model as the checker uses it: its name, the operations it knows, and the judge of its histories. */
export interface ModelEntry<Name extends string = Level> {
  readonly name: string
  /** Names used by other tools and older files. */
  readonly aliases: readonly string[]
  /** What the object is, in a few words, for help texts. */
  readonly summary: string
  /** The operations it knows, by their `f`, for help texts; undefined if it accepts whatever a history has. */
  readonly functions: readonly string[] | undefined
  /** What those mean that the vocabulary of `history` gives another meaning. */
  readonly meanings?: { readonly [f: string]: Meaning } | undefined
  /** Whether it knows an operation, by any of its names. */
  knows(f: string): boolean
  /** @throws UserError for values that it cannot give a meaning. */
  vet?(history: History): void
  /** The levels that its judge decides directly. Other levels are decided only where they follow from these. */
  readonly levels: readonly Name[]
  /** A history proves something only if it meets each need. The first is an observation: a result that could be wrong. */
  readonly needs: readonly [observation: Need, ...others: Need[]]
  readonly judge: HistoryJudge<Name>
  /** Judges linearizability while the history is recorded, event by event; absent if `judge` does that again and again. */
  readonly online?: ((options: OnlineOptions) => OnlineChecker) | undefined
  readonly record: RecordRules
  /** What judges histories of transactions instead, under the same name. */
  readonly ofTransactions?: ModelEntry<string> | undefined
  /** What judges transactions instead that a recorder saw at the wire. */
  readonly ofRecordings?: ModelEntry<string> | undefined
}

export interface Need {
  /** What is missing, to follow "no": `no read succeeded`. */
  readonly what: string
  /** Undefined if any function will do. */
  readonly functions: readonly string[] | undefined
  /** Whether an operation of these functions meets it. By default each one that succeeded does. */
  readonly isMetBy?: IsMetBy
}

export type IsMetBy = (history: History, options: Semantics) => (row: OperationRow) => boolean

/** What judges the histories of a model, by the levels of its ladder. */
export interface HistoryJudge<Name extends string = Level> {
  readonly ladder: Ladder<Name>
  /** Whether each key may be judged on another thread, as registers are (see `planShares`). */
  readonly sharesKeys: boolean
  /** Judges the part of a history that can be judged (see `judgeableOf`) by every requested level. */
  check(history: History, entry: ModelEntry<Name>, options: CheckOptions<Name>): Report<Name>
  /** Summarises the verdicts for people. */
  headline(verdicts: Verdicts<Name>, accounting: Accounting | undefined): string
}

/** How to read an incomplete record. */
export interface RecordRules {
  /** Functions whose invocation needs no value. */
  readonly mayLackInput: readonly string[]
  /** Whether what was written may be told from versions that were seen, if the answers were lost (see `checkVersions`). */
  readonly namesVersions?: boolean
  /** Whether something outside the record that touched an object may have taken what seems lost. */
  readonly mayBeTaken: boolean
  /** Fills in what operations leave out; undefined if nothing needs it. */
  inFull?(history: History): History | undefined
  /** Observations that only an unknown initial value explains. Absent if that could hide no bug. */
  readonly byStart?: ((history: History) => ByStart) | undefined
  /**
   * What was there at the start at least, by key (from -1). What that does not explain, nothing does but an initial value
   * that was put in later as well. Keys of which it is unclear are left out.
   */
  readonly leastStarts?: ((history: History) => ReadonlyMap<number, readonly Json[]>) | undefined
  /**
   * Whether an operation may have written a value that was seen before its key was touched; `positions` has, by key
   * (from -1), the event position of that touch. Absent if no level lets a read see later writes.
   */
  seenBefore?(history: History, positions: Int32Array, initial: Json): (row: number) => boolean
}

/** Observations that only an unknown initial value explains. */
export interface ByStart {
  /** One clause each. */
  readonly found: readonly string[]
  /** What to do about it, as a sentence without its full stop. */
  readonly remedy: string
}
