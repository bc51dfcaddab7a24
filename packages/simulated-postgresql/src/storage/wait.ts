/** Virtual time, in microseconds since 2000-01-01 UTC. */
export interface EngineTime {
  now(): bigint
  /** Runs `run` later; the result withdraws it. */
  after(micros: number, run: () => void): () => void
}

/** What a statement waits for: a lock, a sleep. */
export interface Wait {
  /** Such as `transactionid` or `PgSleep`: `pg_stat_activity.wait_event`. */
  readonly reason: string
  /** Calls back once when the execution may go on; at once is possible. Resume it later, not within the call. */
  ready(go: () => void): void
}
