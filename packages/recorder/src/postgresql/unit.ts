import type { Nanos } from '@chaosproxy/history'
import type { Column, FieldValue } from '@chaosproxy/wire/postgresql'
import type { Interpretation } from '../record/call.ts'
import type { Exchange } from '../record/exchange.ts'
import type { ConnectionRecorder } from '../record/recorder.ts'
import type { Settle } from '../record/remarks.ts'
import type { Control } from './action.ts'
import type { Portal, Prepared } from './prepared.ts'
import type { Doubt, RowStep } from './row-step.ts'
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
      /** The described columns of the rows. If undefined, those of the portal or statement apply. */
      columns: readonly Column[] | undefined
    }

/**
 * A query whose rows are fetched later. The rows show the state when the cursor was declared. If the query locks the
 * rows, they show the state when they were locked.
 */
interface Cursor {
  readonly row: RowStep
  readonly requestedAt: Nanos
}

/** A transaction, from its first byte to the reply to its commit. */
export interface Transaction {
  readonly exchange: Exchange
  readonly startByte: number
  readonly executed: Executed[]
  /** Whether savepoints, or a COMMIT among other statements, hide which statements take effect. */
  isTangled: boolean
  /** The savepoints, each with the number of statements before it. */
  readonly savepoints: { readonly name: string; readonly executed: number }[]
  /** By name. */
  readonly cursors: Map<string, Cursor>
  isolation: string | undefined
  /** The application's request to which the transaction belongs; undefined if unknown. */
  request: string | undefined
  /** Functions to call with the transaction's outcome. There is one for each statement that was not understood. */
  readonly doubts: Settle[]
  refusal: string | undefined
  /** Whether the transaction can only be rolled back. */
  hasFailed: boolean
  /** The transaction as it is recorded. Set when the transaction's end is requested. */
  collapsed: Collapsed | undefined
  isOver: boolean
}

/** Marks what a statement may have changed, until its transaction's outcome is known. */
export function doubtIn(
  { doubts }: Transaction,
  connection: ConnectionRecorder,
  what: string,
  { why, touches, lasts }: Doubt,
): void {
  const settle = connection.doubted(what, why, touches)
  doubts.push(lasts === true ? () => settle('lasting') : settle)
}

/** Requests that are answered by one ReadyForQuery: a simple query, or everything up to a Sync. */
export interface Unit {
  readonly transaction: Transaction
  readonly expected: Expected[]
  /** How these requests end their transaction; undefined if they do not end it. */
  ends: 'commit' | 'rollback' | undefined
  isSimple: boolean
  tag: string
  hasCarriedOut: boolean
  refused: Interpretation | undefined
  /** The outcome, if a notice contradicts the reported success. */
  noticed: Interpretation | undefined
  /** Whether the server sent a warning, and so may have stored another value than the given one. */
  isWarned: boolean
}
