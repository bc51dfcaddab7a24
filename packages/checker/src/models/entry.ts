import type { History, Json } from '@chaos/history'
import type { Ladder, Level } from '../level.ts'
import type { Accounting } from '../objects/accounting.ts'
import type { CheckOptions } from '../options.ts'
import type { Report } from '../report.ts'
import type { Verdicts } from '../verdict.ts'

/** A model as the checker holds it: what it is called, what it knows, and what judges its histories. */
export interface ModelEntry<Name extends string = Level> {
  readonly name: string
  /** What other tools and older files call it. */
  readonly aliases: readonly string[]
  /** What the object is, in a few words, for help texts. */
  readonly summary: string
  /** The operations it knows, by their `f`, for help texts; undefined for a model that takes whatever a history has. */
  readonly functions: readonly string[] | undefined
  /** Whether it knows an operation, by any of its names. */
  knows(f: string): boolean
  /** The levels that are decided for it, of its judge's; others only where they follow from these. */
  readonly levels: readonly Name[]
  /** What must succeed at least once, or the history proves nothing: any one function of each. */
  readonly needs: readonly Need[]
  readonly judge: HistoryJudge<Name>
  readonly record: RecordRules
}

export interface Need {
  /** What is missing, after "no": `no read succeeded`. */
  readonly what: string
  /** Undefined where any function will do. */
  readonly functions: readonly string[] | undefined
}

/** What judges the histories of a model, by the levels of its ladder. */
export interface HistoryJudge<Name extends string = Level> {
  readonly ladder: Ladder<Name>
  /**
   * Whether each key may be judged on another thread (see `planShares`).
   */
  readonly sharesKeys: boolean
  /** Judges a history as far as it can be judged (see `judgeableOf`) by every level asked for. */
  check(history: History, entry: ModelEntry<Name>, options: CheckOptions<Name>): Report<Name>
  /** The verdicts in a few words, for a person. */
  headline(verdicts: Verdicts<Name>, accounting: Accounting | undefined): string
}

/** How a record that says less than everything is read. */
export interface RecordRules {
  /** Functions whose invocation needs no value. */
  readonly mayLackInput: readonly string[]
  /** Whether what touched an object outside the record may have taken what seems to be lost. */
  readonly mayBeTaken: boolean
  /** Completes what operations say of themselves; undefined where nothing needs it. */
  inFull?(history: History): History | undefined
  /**
   * Whether an operation may have written what was seen before its key was touched, by key (from -1) the event position at
   * which that happened. Absent where no level lets a read see what is written later.
   */
  seenBefore?(history: History, positions: Int32Array, initial: Json): (row: number) => boolean
}
