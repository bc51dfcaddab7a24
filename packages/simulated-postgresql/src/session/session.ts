import type { DescribedCatalogue } from '../catalogue/described.ts'
import type { ResultColumn } from '../execute/model.ts'
import type { SqlError, SqlErrorFields } from '../sql/error.ts'
import type { Statement } from '../sql/parse.ts'
import type { EngineTime, Wait } from '../storage/wait.ts'
import type { Calculator } from '../types/calculator.ts'
import type { TextContext, Types } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'
import type { Grouping, Watch, Witnessed } from '../witness/told.ts'

export type { ResultColumn } from '../execute/model.ts'
export type { EngineTime, Wait } from '../storage/wait.ts'

export interface EngineOptions {
  readonly time: EngineTime
  /** In [0, 1), from a seed: the order of rows without ORDER BY, `random()`, `gen_random_uuid()`. */
  readonly random: () => number
  /** Whether rows that no ORDER BY orders come in a random order; true without it. */
  readonly shuffles?: boolean
  /** Defaults of settings, such as `deadlock_timeout` or `TimeZone`, as `ALTER SYSTEM SET` would set them. */
  readonly settings?: ReadonlyMap<string, string>
  /** Called once a transaction that wrote has committed; whether it is on the disk. */
  readonly committed?: (isFlushed: boolean) => void
  /** Asked where a serialization failure (40001) is legal and not needed; true: it fails. Without it, none does. */
  readonly fails?: () => boolean
  /** Computes functions that this package does not. */
  readonly calculator?: Calculator | undefined
  /** Present to be told by `witnessed` what transactions read and wrote; it then keeps every version of every row. */
  readonly watch?: Watch | undefined
}

interface StandbyOptions extends Pick<EngineOptions, 'time' | 'random'> {
  /** The number of the last commit that it has. */
  readonly received: () => number
  /** The number of the last commit that its sessions see. */
  readonly replayed: () => number
}

/** One PostgreSQL server with one database. */
export interface Engine {
  readonly types: Types
  /** What is committed of tables, views and foreign keys. */
  catalogue(): DescribedCatalogue
  /** Opens a session. `startup` holds the parameters of the StartupMessage: `user`, `database`, `options`, … */
  connect(startup: ReadonlyMap<string, string>, listener: SessionListener): Session
  /** What its transactions read and wrote of each other, once all is over; undefined if it was not watched. */
  witnessed(grouping: Grouping): Witnessed | undefined
  /** Cancels what the session waits for, as CancelRequest does; ignored if pid and secret do not match. */
  cancel(pid: number, secret: number): void
  /**
   * The process is killed: open transactions abort, all sessions end. What was committed stays, unless it was committed
   * with `synchronous_commit = off` and is not on the disk yet. Returns how many commits are lost.
   */
  crash(): number
  /** The number of the last commit that is on the disk: a standby is sent what is. */
  position(): number
  /** Opens the standby of this server; there is at most one. */
  standby(options: StandbyOptions): Engine
  /** A standby with the commits up to this one takes over: all sessions end. Returns how many commits are lost. */
  promote(position: number): number
}

/** What a session reports without being asked. Called at any time, also while another session executes. */
export interface SessionListener {
  notice(notice: Notice): void
  /** A NOTIFY of a channel that the session listens to; never in the middle of its transaction. */
  notification(pid: number, channel: string, payload: string): void
  /** A setting changed that clients are informed of: ParameterStatus. */
  parameter(name: string, value: string): void
  /** The session was ended by another one (`pg_terminate_backend`): report the error, close the connection. */
  terminated(error: SqlError): void
}

export interface Notice {
  readonly severity: 'WARNING' | 'NOTICE' | 'INFO' | 'LOG' | 'DEBUG'
  readonly code: string
  readonly message: string
  readonly fields: SqlErrorFields
}

/**
 * A session executes one statement at a time. Any error that it throws has already aborted the transaction.
 *
 * A statement outside of a transaction block begins an implicit transaction, which `sync` commits: the server calls it
 * at the Sync message, or at the end of a simple query before the CommandComplete of its last statement.
 */
export interface Session {
  readonly pid: number
  readonly secret: number
  /** For the text and binary forms of values. */
  readonly context: TextContext
  /** How many transactions that wrote it has committed. */
  readonly commits: number
  /** Whether its open transaction has changed or locked a row. */
  readonly hasWritten: boolean
  /** How long a statement may take, in milliseconds; 0: however long. */
  readonly statementTimeoutMs: number
  /** The settings that ParameterStatus reports after the authentication. */
  parameters(): ReadonlyMap<string, string>
  status(): 'idle' | 'transaction' | 'failed'
  /** A query string begins to run: the server calls it before the time that a statement takes. */
  runs(text: string): void
  /** The client may go on: ReadyForQuery. */
  ready(): void
  /** Throws SqlError 42601. */
  parse(sql: string): readonly Statement[]
  /**
   * Resolves names and types. The oid 0 asks for the parameter's type to be inferred. Waits for transactions that are
   * defining a table that the statement names.
   */
  prepare(statement: Statement, parameterOids: readonly number[]): Generator<Wait, Prepared, void>
  /**
   * Executes a statement; it is atomic between two yields. Throws SqlError or NotSupported.
   *
   * @param inParts the rows of a query count as read once `tellRead` of its outcome says so
   */
  execute(given: Prepared | Statement, parameters: readonly SqlValue[], inParts?: boolean): Execution
  /** Commits the implicit transaction, if one is open. Throws SqlError if that fails (40001, 23503 deferred). */
  sync(): void
  /** The server met an error of its own, such as a parameter that cannot be read: the transaction aborts. */
  fail(): void
  /** The connection is gone: rolls back, releases locks. An execution that waits is not to be resumed. */
  end(): void
}

export interface Prepared {
  readonly statement: Statement
  readonly parameterOids: readonly number[]
  /** Undefined for a statement without rows: NoData. */
  readonly columns: readonly ResultColumn[] | undefined
}

export type Execution = Generator<Wait, Outcome, void>

export type Outcome =
  | { readonly kind: 'done'; readonly tag: string }
  | {
      readonly kind: 'rows'
      readonly tag: string
      readonly columns: readonly ResultColumn[]
      readonly rows: readonly (readonly SqlValue[])[]
      /** Tells a witness that so many rows from this one on were asked for; undefined where all were. */
      readonly tellRead?: ((from: number, count: number) => void) | undefined
    }
  | { readonly kind: 'empty' }
  | {
      readonly kind: 'copyIn'
      readonly format: CopyFormat
      readonly columns: readonly ResultColumn[]
      /** Inserts the rows that the client sent. */
      readonly finish: (rows: readonly (readonly SqlValue[])[]) => Execution
    }
  | {
      readonly kind: 'copyOut'
      readonly tag: string
      readonly format: CopyFormat
      readonly columns: readonly ResultColumn[]
      readonly rows: readonly (readonly SqlValue[])[]
    }

export interface CopyFormat {
  readonly format: 'text' | 'csv' | 'binary'
  readonly delimiter: string
  readonly null: string
  readonly header: boolean
}
