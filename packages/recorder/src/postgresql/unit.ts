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
      /**
       * The columns of the rows as the server described them. If undefined, the columns of the portal or statement
       * apply.
       */
      columns: readonly Column[] | undefined
    }

/**
 * A query whose rows are fetched later. The rows have the values from the time of the declaration or, if the query
 * locks rows, from the time of locking.
 */
interface Cursor {
  readonly row: RowStep
  readonly askedAt: Nanos
}

/** A transaction, from its first byte to the reply to its commit. Most transactions have one statement. */
export interface Transaction {
  readonly exchange: Exchange
  readonly startByte: number
  readonly executed: Executed[]
  /** Whether savepoints, or a commit among other statements, hide which statements take effect. */
  isTangled: boolean
  /** The existing savepoints, by name, each with the number of statements before it. */
  readonly savepoints: { readonly name: string; readonly executed: number }[]
  /** By name. */
  readonly cursors: Map<string, Cursor>
  isolation: string | undefined
  /** The request that the transaction belongs to, according to comments in its statements. */
  request: string | undefined
  /** One function for each statement that was not understood, to call with the transaction's outcome. */
  readonly doubts: Settle[]
  /** The first error in the answers to the transaction's statements. */
  refusal: string | undefined
  /** Whether a statement has failed, so that the transaction can only be rolled back. */
  hasFailed: boolean
  /** The recorded form of the transaction, set when its end is requested. */
  collapsed: Collapsed | undefined
  /** Whether the transaction's outcome is known and recorded. */
  isOver: boolean
}

/** The requests answered by one ReadyForQuery: a simple query, or everything up to a Sync. */
export interface Unit {
  readonly transaction: Transaction
  readonly expected: Expected[]
  /** How the unit ends its transaction; undefined if the transaction continues. */
  ends: 'commit' | 'rollback' | undefined
  isSimple: boolean
  tag: string
  /** Whether any statement of the unit was executed. */
  hasCarriedOut: boolean
  refused: Interpretation | undefined
  /** The outcome if a notice contradicts the reported success. */
  noticed: Interpretation | undefined
  /** Whether the server warned that it may have changed a written value. */
  isWarned: boolean
}
