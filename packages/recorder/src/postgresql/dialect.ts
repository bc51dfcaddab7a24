import type { ErrorMeaning } from '@chaosproxy/history'
import type { ServerReport } from '@chaosproxy/wire/postgresql'
import type { Touches } from '../record/call.ts'
import type { Control } from './action.ts'
import type { AskedIsolation } from './asked-isolation.ts'
import type { RowStatement } from './row-statement.ts'
import type { Token } from './sql-tokens.ts'

/** How the SQL of another database differs from that of PostgreSQL. */
export interface Dialect {
  /** The statements of a text, each as its tokens; undefined if the text cannot be read. */
  readonly statementsOf: (sql: string) => readonly (readonly Token[])[] | undefined
  /**
   * The meaning of a statement that differs from its meaning in PostgreSQL; undefined for all other statements. `what`
   * names the statement.
   */
  readonly meaningOf: (tokens: readonly Token[], what: string, functionsRead: boolean) => OwnMeaning | undefined
  /**
   * Completes a statement on rows with effects that it has only in this database, such as a key assigned by
   * AUTO_INCREMENT.
   */
  readonly refined: (rows: RowStatement) => RowStatement
  /** Functions that write no table. */
  readonly functions: ReadonlySet<string>
  /**
   * Returns the outcome of a command that changes something and that the server answered with an error. `isCommit`:
   * whether only the commit was refused.
   */
  readonly judge: (report: ServerReport, isCommit: boolean) => ErrorMeaning['means']
}

/** The meanings of statements that name no rows. */
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
