import type { ErrorMeaning } from '@chaosproxy/history'
import type { ServerReport } from '@chaosproxy/wire/postgresql'
import type { Touches } from '../record/call.ts'
import type { Control } from './action.ts'
import type { RequestedIsolation } from './requested-isolation.ts'
import type { RowStatement } from './row-statement.ts'
import type { Token } from './sql-tokens.ts'

/** How the SQL of another database differs from that of PostgreSQL. */
export interface Dialect {
  readonly statementsOf: (sql: string) => readonly (readonly Token[])[] | undefined
  /** A statement's own meaning in this database, if it differs from PostgreSQL's. `what` names the statement. */
  readonly meaningOf: (tokens: readonly Token[], what: string, functionsRead: boolean) => OwnMeaning | undefined
  /** Adds effects that a statement has only in this database, such as a key from AUTO_INCREMENT. */
  readonly refined: (rows: RowStatement) => RowStatement
  readonly functions: ReadonlySet<string>
  /** Returns the outcome of a change that was answered by an error. `isCommit`: whether only the commit was refused. */
  readonly judge: (report: ServerReport, isCommit: boolean) => ErrorMeaning['means']
}

/**
 * The meaning of a statement that does not name a recorded row: it controls transactions, its effects are doubtful, or
 * it changes no rows.
 */
export type OwnMeaning = { readonly what: string } & (
  | {
      readonly kind: 'control'
      readonly control: Control
      readonly name: string
      readonly isolation: RequestedIsolation | undefined
    }
  | { readonly kind: 'doubtful'; readonly why: string; readonly touches: Touches; readonly lasts: boolean }
  | {
      readonly kind: 'other'
      readonly touches: 'nothing'
      readonly why: string
      readonly isolation?: RequestedIsolation | undefined
    }
)
