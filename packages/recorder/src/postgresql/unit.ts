import type { Column, FieldValue } from '@chaosproxy/wire/postgresql'
import type { Interpretation } from '../record/call.ts'
import type { Exchange } from '../record/exchange.ts'
import type { Control } from './action.ts'
import type { Portal, Prepared } from './prepared.ts'
import type { Collapsed, Executed } from './transaction.ts'

/** What the server answers to, in order. */
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
      /** As described with its rows; otherwise its portal or its statement was. */
      columns: readonly Column[] | undefined
    }

/** A transaction from its first byte to the answer to its commit; most have one statement. */
export interface Transaction {
  readonly exchange: Exchange
  readonly startByte: number
  isSent: boolean
  readonly executed: Executed[]
  /** Savepoints, or a commit among other statements: what it did is not followed. */
  isTangled: boolean
  /** A statement of it has failed, so that it can only be rolled back. */
  hasFailed: boolean
  /** Set once its end was asked for. */
  collapsed: Collapsed | undefined
  /** Its fate is known, and has been recorded. */
  isOver: boolean
}

/** What is answered by one ReadyForQuery: a simple query, or everything up to a Sync. */
export interface Unit {
  readonly transaction: Transaction
  readonly expected: Expected[]
  /** How its transaction ends with it; undefined if that goes on. */
  ends: 'commit' | 'rollback' | undefined
  isSimple: boolean
  tag: string
  /** A statement of it was carried out. */
  hasCarriedOut: boolean
  refused: Interpretation | undefined
  /** What a notice says against its success. */
  noticed: Interpretation | undefined
}
