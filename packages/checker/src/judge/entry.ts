import type { History, Json, Mark, Meaning } from '@chaosproxy/history'
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
  /** Alternative names, used by other tools and older files. */
  readonly aliases: readonly string[]
  /** What the object is, in a few words, for help texts. */
  readonly summary: string
  /** The `f` of the operations that the model knows, for help texts; undefined if it accepts any operation. */
  readonly functions: readonly string[] | undefined
  /** Functions whose meaning in this model differs from their meaning in the vocabulary of `history`. */
  readonly meanings?: { readonly [f: string]: Meaning } | undefined
  /** Whether the model knows an operation, by any of its names. */
  knows(f: string): boolean
  /** @throws UserError for values that have no meaning in this model. */
  vet?(history: History): void
  /** The levels that the judge decides directly. Other levels are decided only if they follow from these. */
  readonly levels: readonly Name[]
  /**
   * The conditions under which a history can prove something. The first condition is that it contains an observation,
   * which is an operation whose result could be wrong.
   */
  readonly needs: readonly [observation: Need, ...others: Need[]]
  readonly judge: HistoryJudge<Name>
  /**
   * Judges linearizability event by event during the recording. Without this member, `judge` runs repeatedly on the
   * growing history.
   */
  readonly online?: ((options: OnlineOptions) => OnlineChecker) | undefined
  readonly record: RecordRules
  /**
   * Whether a user wrote the model. The value of an answer is then the result of the operation, and never replaces the
   * value of the request (see `withRequestedValues`).
   */
  readonly isOwn?: boolean
  /** The entry that judges a history in place of this entry if the operations of the history are transactions. */
  readonly ofTransactions?: ModelEntry<string> | undefined
  /** The entry that judges transactions that a recorder captured at the wire. */
  readonly ofRecordings?: ModelEntry<string> | undefined
}

export interface Need {
  /** Names the missing operations. Follows "no" in a sentence: `no read succeeded`. */
  readonly what: string
  /** The functions whose operations can meet the need; undefined if the operations of every function can. */
  readonly functions: readonly string[] | undefined
  /** Tests whether an operation with one of these functions meets the need. By default, every successful one does. */
  readonly isMetBy?: IsMetBy
}

export type IsMetBy = (history: History, options: Semantics) => (row: OperationRow) => boolean

export interface HistoryJudge<Name extends string = Level> {
  readonly ladder: Ladder<Name>
  /** Whether each key may be judged on a separate thread, as for registers (see `planShares`). */
  readonly sharesKeys: boolean
  /** Judges the part of a history that can be judged (see `judgeableOf`) by every requested level. */
  check(history: History, entry: ModelEntry<Name>, options: CheckOptions<Name>): Report<Name>
  /** Summarises the verdicts for people. */
  headline(verdicts: Verdicts<Name>, accounting: Accounting | undefined): string
}

export interface RecordRules {
  /** Functions whose invocation needs no value. */
  readonly mayLackInput: readonly string[]
  /** Whether some operations have no key although others have one, such as a watch of all keys. */
  readonly mayLackKey?: boolean
  /**
   * Whether a write may create a version that is named only in the answer to the write. If the answer is lost, a later
   * read may still show the version (see `checkVersions`).
   */
  readonly namesVersions?: boolean
  /** Whether elements may be missing because someone outside the record removed them. */
  readonly mayBeTaken: boolean
  /**
   * Finds reads whose recorded result is probably not the value of the key, but other content, such as an error.
   * Returns a mark for each of these reads.
   */
  strangeReads?(history: History, initial: Json): ReadonlyMap<OperationRow, Mark>
  /**
   * Fills in values that operations omit, such as the old value of a cas. Returns undefined if no operation omits a
   * value.
   */
  inFull?(history: History): History | undefined
  /**
   * Finds observations that only an unknown initial value explains. Defined only for a model in which such an
   * observation may hide a bug.
   */
  readonly byStart?: ((history: History) => ByStart) | undefined
  /**
   * By key (-1 for operations without a key): the least initial content, that is, the values that answers contain and
   * no operation added. If the answers contradict this content and fit only a larger one, some initial value was also
   * added later.
   */
  readonly leastStarts?: ((history: History) => ReadonlyMap<number, readonly Json[]>) | undefined
  /**
   * Returns a function that takes a row, and reports whether its operation may have written a value that was read
   * before the key changed outside the record. `positions[key + 1]` is the position of this change. An acknowledged
   * operation called after the change is judged only if the function returns true. If `seenBefore` is absent, no such
   * operation is judged.
   */
  seenBefore?(history: History, positions: Int32Array, initial: Json): (row: number) => boolean
}

/** Observations that only an unknown initial value explains. */
export interface ByStart {
  /** One clause each. */
  readonly found: readonly string[]
  /** The remedy, as a sentence without its full stop. */
  readonly remedy: string
}
