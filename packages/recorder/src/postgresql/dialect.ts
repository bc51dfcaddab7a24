import type { ErrorMeaning } from '@chaosproxy/history'
import type { ServerReport } from '@chaosproxy/wire/postgresql'
import type { Touches } from '../record/call.ts'
import type { Control } from './action.ts'
import type { AskedIsolation } from './asked-isolation.ts'
import type { RowStatement } from './row-statement.ts'
import type { Token } from './sql-tokens.ts'

/** What differs from PostgreSQL in a database whose statements are read as those of PostgreSQL are. */
export interface Dialect {
  /** The statements of a text, each as its tokens; undefined if it cannot be read. */
  readonly statementsOf: (sql: string) => readonly (readonly Token[])[] | undefined
  /** The meaning of a statement that means something else there; undefined for all others. `what` names it. */
  readonly meaningOf: (tokens: readonly Token[], what: string, functionsRead: boolean) => OwnMeaning | undefined
  /** A statement on rows, with what only this database shows of them. */
  readonly refined: (rows: RowStatement) => RowStatement
  /** Functions that write no table. */
  readonly functions: ReadonlySet<string>
  /** What an error says about a command that changes something. `isCommit`: whether only its commit was refused. */
  readonly judge: (report: ServerReport, isCommit: boolean) => ErrorMeaning['means']
}

/** Those of the meanings of a statement that name no rows. */
export type OwnMeaning = { readonly what: string } & (
  | {
      readonly kind: 'control'
      readonly control: Control
      readonly name: string
      readonly isolation: AskedIsolation | undefined
    }
  | { readonly kind: 'doubtful'; readonly why: string; readonly touches: Touches; readonly lasts: boolean }
  | {
      readonly kind: 'other'
      readonly touches: 'nothing'
      readonly why: string
      readonly isolation?: AskedIsolation | undefined
    }
)
