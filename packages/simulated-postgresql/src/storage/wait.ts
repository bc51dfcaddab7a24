/** Virtual time, in microseconds since 2000-01-01 UTC. */
export interface EngineTime {
  now(): bigint
  /** Calls `run` after the time; returns a function that cancels the call. */
  after(micros: number, run: () => void): () => void
}

/** The reason for a statement's wait, such as a lock or a sleep. */
export interface Wait {
  /** The value of `pg_stat_activity.wait_event`, such as `transactionid` or `PgSleep`. */
  readonly reason: string
  /**
   * Calls `go` once, when the execution may continue. The call may happen immediately, so `go` must not resume the
   * execution itself.
   */
  ready(go: () => void): void
}

/** A computation that yields what it waits for, and returns its result. */
export type Coroutine<T = void> = Generator<Wait, T, void>
