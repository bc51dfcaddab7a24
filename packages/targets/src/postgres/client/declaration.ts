import type { ObjectName, Transfers } from '../../sql/asked.ts'

/**
 * Operations on PostgreSQL, in tables of their own: `"client": {"kind": "postgres", "user": "app", "database": "app"}`.
 */
export interface PostgresDeclaration {
  readonly kind: 'postgres'
  /** By default `postgres`. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** By default `postgres`. */
  readonly database?: string | undefined
  /** Where reads go: to the primary, or to the client's own node. Writes always go to the primary. */
  readonly reads?: ReadsFrom | undefined
  readonly isolation?: Isolation | undefined
  /** How a transfer of the bank changes its balances; by default `in-place`. */
  readonly transfers?: Transfers | undefined
  /** `synchronous_commit` of the sessions; by default the server's setting. */
  readonly commit?: Commit | undefined
  /** The share of sessions that commit with `synchronous_commit = local`, whatever `commit` says. */
  readonly local?: number | undefined
  /** The type of the objects; by default it follows from the workload's operations. */
  readonly object?: ObjectName | undefined
}

export type ReadsFrom = 'primary' | 'replicas'
export type Isolation = 'read-committed' | 'repeatable-read' | 'serializable'
/** `async` waits for the local disk but for no standby: `synchronous_commit = local`. */
export type Commit = 'async' | 'remote_write' | 'on' | 'remote_apply'

export const readsFrom: readonly ReadsFrom[] = ['primary', 'replicas']
export const isolations: readonly Isolation[] = ['read-committed', 'repeatable-read', 'serializable']
export const commits: readonly Commit[] = ['async', 'remote_write', 'on', 'remote_apply']
