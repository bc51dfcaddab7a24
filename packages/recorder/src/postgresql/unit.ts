import type { Nanos } from '@chaosproxy/history'
import type { Column, FieldValue } from '@chaosproxy/wire/postgresql'
import type { Interpretation } from '../record/call.ts'
import type { Exchange } from '../record/exchange.ts'
import type { Settle } from '../record/remarks.ts'
import type { Control } from './action.ts'
import type { Portal, Prepared } from './prepared.ts'
import type { RowStep } from './row-step.ts'
import type { Collapsed, Executed } from './transaction.ts'

/** The expected parts of the server's replies, in order. */
export type Expected =
  | { readonly kind: 'parse'; readonly name: string; readonly prepared: Prepared; readonly isNew: boolean }
  | { readonly kind: 'bind' | 'close' }
  | { readonly kind: 'describe'; readonly prepared: Prepared; readonly portal: Portal | undefined }
  | {
      readonly kind: 'execute'
      readonly executed: Executed
      readonly control: Control | undefined
      readonly portal: Portal | undefined
      readonly rows: (readonly FieldValue[])[]
      hasMore: boolean
      /** Described with its rows; otherwise its portal or statement was described. */
      columns: readonly Column[] | undefined
    }

/** A query whose rows are read later, as they were when it was declared, or when they are locked. */
interface Cursor {
  readonly row: RowStep
  readonly askedAt: Nanos
}

/** A transaction, from its first byte to the reply to its commit. Most have one statement. */
export interface Transaction {
  readonly exchange: Exchange
  readonly startByte: number
  readonly executed: Executed[]
  /** Whether savepoints, or a commit among other statements, make its effect unclear. */
  isTangled: boolean
  /** The statements before each savepoint that can be returned to, by its name. */
  readonly savepoints: { readonly name: string; readonly executed: number }[]
  /** By name. */
  readonly cursors: Map<string, Cursor>
  isolation: string | undefined
  /** What its statements say that they are for. */
  request: string | undefined
  /** To be told what became of it, for statements that were not understood. */
  readonly doubts: Settle[]
  /** The first error that it was answered with. */
  refusal: string | undefined
  /** Whether a statement of it has failed, so that it can only be rolled back. */
  hasFailed: boolean
  /** Set once its end was requested. */
  collapsed: Collapsed | undefined
  /** Whether its fate is known and recorded. */
  isOver: boolean
}

/** The requests answered by one ReadyForQuery: a simple query, or everything up to a Sync. */
export interface Unit {
  readonly transaction: Transaction
  readonly expected: Expected[]
  /** How its transaction ends with it; undefined if it continues. */
  ends: 'commit' | 'rollback' | undefined
  isSimple: boolean
  tag: string
  /** Whether a statement of it was executed. */
  hasCarriedOut: boolean
  refused: Interpretation | undefined
  /** The outcome by a notice that contradicts its success. */
  noticed: Interpretation | undefined
  /** Whether the server warned that it may have changed a value. */
  isWarned: boolean
}
