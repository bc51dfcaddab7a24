import type { TextContext } from '../types/registry.ts'
import type { SqlValue } from '../types/value.ts'

/** What an expression is evaluated with. */
export interface Env {
  readonly row: readonly SqlValue[]
  /** The row of the query around a subquery. */
  readonly outer?: Env
  readonly parameters: readonly SqlValue[]
  readonly session: SessionFacts
}

/** What functions know of the session. Times are microseconds since 2000-01-01 UTC. */
export interface SessionFacts extends TextContext {
  /** `clock_timestamp()`: the time now, not at the beginning of the transaction. */
  clock(): bigint
  statementStart(): bigint
  /** In [0, 1). */
  random(): number
  readonly user: string
  readonly database: string
  readonly pid: number
  /**
   * Functions that are the engine's: `nextval`, `pg_advisory_lock`, `pg_sleep`, `set_config`, `pg_notify`, … by the name in
   * pg_proc.prosrc. One that has to wait throws, before it has an effect; the row is evaluated again after the wait.
   */
  readonly functions: ReadonlyMap<string, (values: readonly SqlValue[], env: Env) => SqlValue>
  /** Calls a function that a user wrote, by its number; `site` is where. */
  callRoutine?(oid: number, values: readonly SqlValue[], site: object): SqlValue
  /** The same for one that returns a set. */
  routineRows?(oid: number, values: readonly SqlValue[], site: object): readonly (readonly SqlValue[])[]
}
