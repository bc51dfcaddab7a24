import type { DescribedCatalogue } from '../catalogue/described.ts'
import type { ResultColumn } from '../execute/model.ts'
import type { SqlError, SqlErrorFields } from '../sql/error.ts'
import type { Statement } from '../sql/parse.ts'
import type { Coroutine, EngineTime } from '../storage/wait.ts'
import type { Calculator } from '../types/calculator.ts'
import type { TextContext, Types } from '../types/registry.ts'
import type { Rows, SqlValue } from '../types/value.ts'
import type { Grouping, Watch, Witnessed } from '../witness/witnessed.ts'

export type { ResultColumn } from '../execute/model.ts'
export type { EngineTime, Wait } from '../storage/wait.ts'

export interface EngineOptions {
  readonly time: EngineTime
  /**
   * Returns the next number in [0, 1) of a seeded generator, for `random()`, `gen_random_uuid()`, and the order of rows
   * that no ORDER BY sorts.
   */
  readonly random: () => number
  /** Whether rows that no ORDER BY sorts are returned in random order; true by default. */
  readonly shuffles?: boolean
  /** Defaults of settings, such as `deadlock_timeout` or `TimeZone`, as `ALTER SYSTEM SET` would set them. */
  readonly settings?: ReadonlyMap<string, string>
  /** Called after a transaction with writes commits; `isFlushed` tells whether the commit is on disk. */
  readonly committed?: (isFlushed: boolean) => void
  /**
   * Called where a serialization failure (40001) is permitted but not required. If it returns true, the transaction
   * fails. If absent, no such failure occurs.
   */
  readonly fails?: () => boolean
  /** Computes functions that this package does not implement. */
  readonly calculator?: Calculator | undefined
  /**
   * If present, `witnessed` reports what transactions read and wrote; the engine then keeps every version of every row.
   */
  readonly watch?: Watch | undefined
}

interface StandbyOptions extends Pick<EngineOptions, 'time' | 'random'> {
  /** Returns the number of the last commit that the standby received. */
  readonly received: () => number
  /** Returns the number of the last commit that the standby's sessions see. */
  readonly replayed: () => number
}

/** One PostgreSQL server with one database. */
export interface Engine {
  readonly types: Types
  /** Returns the committed tables, views and foreign keys. */
  catalogue(): DescribedCatalogue
  /** Opens a session. `startup` holds the parameters of the StartupMessage: `user`, `database`, `options`, … */
  connect(startup: ReadonlyMap<string, string>, listener: SessionListener): Session
  /** Returns what the transactions read and wrote, after all have ended; undefined without `watch`. */
  witnessed(grouping: Grouping): Witnessed | undefined
  /** Cancels the session's current wait, as CancelRequest does; ignored if pid and secret do not match. */
  cancel(pid: number, secret: number): void
  /**
   * Kills the server process: open transactions abort and all sessions end. Commits survive, except those with
   * `synchronous_commit = off` that are not yet on disk. Returns the number of lost commits.
   */
  crash(): number
  /** Returns the number of the last commit on disk; the standby receives commits up to it. */
  position(): number
  /** Opens the standby of this server; a server has at most one. */
  standby(options: StandbyOptions): Engine
  /** Promotes a standby that has the commits up to `position`: all sessions end. Returns the number of lost commits. */
  promote(position: number): number
}

/** Receives asynchronous messages of a session. Called at any time, even while another session executes. */
export interface SessionListener {
  notice(notice: Notice): void
  /** Called for a NOTIFY on a channel that the session listens to; never within its transaction. */
  notification(pid: number, channel: string, payload: string): void
  /** Called after a change of a setting that ParameterStatus reports. */
  parameter(name: string, value: string): void
  /**
   * Called when another session ends this one (`pg_terminate_backend`): the server reports the error and closes the
   * connection.
   */
  terminated(error: SqlError): void
}

export interface Notice {
  readonly severity: 'WARNING' | 'NOTICE' | 'INFO' | 'LOG' | 'DEBUG'
  readonly code: string
  readonly message: string
  readonly fields: SqlErrorFields
}

/**
 * A session executes one statement at a time. If it throws an error, it has already aborted the transaction.
 *
 * A statement outside of a transaction block begins an implicit transaction. The server calls `sync` to commit this
 * transaction. It does so at the Sync message or, for a simple query, before the CommandComplete of the last statement.
 */
export interface Session {
  readonly pid: number
  readonly secret: number
  /** The context for the text and binary forms of values. */
  readonly context: TextContext
  /** The number of transactions with writes that the session has committed. */
  readonly commits: number
  /** Whether the open transaction has changed or locked a row. */
  readonly hasWritten: boolean
  /** The statement timeout in milliseconds; 0 for none. */
  readonly statementTimeoutMs: number
  /** Returns the settings that ParameterStatus reports after authentication. */
  parameters(): ReadonlyMap<string, string>
  status(): 'idle' | 'transaction' | 'failed'
  /** Called when a query string begins to run, before time passes for its statements. */
  runs(text: string): void
  /** Called when the client may continue (ReadyForQuery). */
  ready(): void
  /** Throws SqlError 42601. */
  parse(sql: string): readonly Statement[]
  /**
   * Resolves names and types. For a parameter with the oid 0, infers the type. Waits for transactions that are defining
   * a table of the statement.
   */
  prepare(statement: Statement, parameterOids: readonly number[]): Coroutine<Prepared>
  /**
   * Executes a statement. Between two yields of the execution, no other session acts. Throws SqlError or NotSupported.
   *
   * @param inParts If true, the rows of a query count as read only when the outcome's `reportRead` reports them.
   */
  execute(given: Prepared | Statement, parameters: readonly SqlValue[], inParts?: boolean): Execution
  /** Commits the implicit transaction, if one is open. Throws SqlError if that fails (40001, 23503 deferred). */
  sync(): void
  /** Aborts the transaction after an error in the server, such as a parameter that cannot be parsed. */
  fail(): void
  /** Called when the connection ends: rolls back and releases locks. A waiting execution must not be resumed. */
  end(): void
}

export interface Prepared {
  readonly statement: Statement
  readonly parameterOids: readonly number[]
  /** The result columns; undefined for a statement without rows (NoData). */
  readonly columns: readonly ResultColumn[] | undefined
}

export type Execution = Coroutine<Outcome>

export type Outcome =
  | { readonly kind: 'done'; readonly tag: string }
  | {
      readonly kind: 'rows'
      readonly tag: string
      readonly columns: readonly ResultColumn[]
      readonly rows: Rows
      /** Reports to the witness that `count` rows from row `from` on were fetched. Absent if all rows were fetched. */
      readonly reportRead?: ((from: number, count: number) => void) | undefined
    }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'copyIn'
      readonly format: CopyFormat
      readonly columns: readonly ResultColumn[]
      /** Inserts the rows that the client sent. */
      readonly finish: (rows: Rows) => Execution
    }
  | {
      readonly kind: 'copyOut'
      readonly tag: string
      readonly format: CopyFormat
      readonly columns: readonly ResultColumn[]
      readonly rows: Rows
    }

export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary'
  readonly delimiter: string
  readonly null: string
  readonly header: boolean
}
