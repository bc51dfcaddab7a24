import type { TextContext } from '../types/registry.ts'
import type { Rows, SqlValue } from '../types/value.ts'

export interface Env {
  readonly row: readonly SqlValue[]
  /** The environment of the enclosing query; only in a subquery. */
  readonly outer?: Env
  readonly parameters: readonly SqlValue[]
  readonly session: SessionFacts
}

/** The session data for functions. Times are microseconds since 2000-01-01 UTC. */
export interface SessionFacts extends TextContext {
  /** Returns `clock_timestamp()`: the current time, not the start of the transaction. */
  clock(): bigint
  statementStart(): bigint
  /** In [0, 1). */
  random(): number
  readonly user: string
  readonly database: string
  readonly pid: number
  /**
   * Functions of the engine, such as `nextval` and `pg_sleep`, by their names in pg_proc.prosrc. A function that must
   * wait throws before it has any effect. After the wait, the expression is evaluated again.
   */
  readonly functions: ReadonlyMap<string, (values: readonly SqlValue[], env: Env) => SqlValue>
  /** Calls a user-defined function by its oid; `site` identifies the call. */
  callRoutine?(oid: number, values: readonly SqlValue[], site: object): SqlValue
  /** Calls a user-defined set-returning function by its oid; `site` identifies the call. */
  routineRows?(oid: number, values: readonly SqlValue[], site: object): Rows
}
