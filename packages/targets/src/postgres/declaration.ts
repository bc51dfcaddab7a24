import type { ObjectName } from './objects.ts'

/** Operations on a PostgreSQL, in tables of our own: `"client": {"kind": "postgres", "user": "app", "database": "app"}`. */
export interface PostgresDeclaration {
  readonly kind: 'postgres'
  /** `postgres` unless given. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** `postgres` unless given. */
  readonly database?: string | undefined
  /** Whom reads are asked of: the primary, or the node that the client is at. Writes always go to the primary. */
  readonly reads?: ReadsFrom | undefined
  readonly isolation?: Isolation | undefined
  /** `synchronous_commit` of the sessions; what the server says unless given. */
  readonly commit?: Commit | undefined
  /** Share of the sessions that commit with `synchronous_commit = local`, whatever `commit` says. */
  readonly local?: number | undefined
  /** What the objects are; what the workload asks for says so unless given. */
  readonly object?: ObjectName | undefined
}

export type ReadsFrom = 'primary' | 'replicas'
export type Isolation = 'read-committed' | 'repeatable-read' | 'serializable'
/** `async` does not wait for any standby, but for the disk: `synchronous_commit = local`. */
export type Commit = 'async' | 'remote_write' | 'on' | 'remote_apply'

export const readsFrom: readonly ReadsFrom[] = ['primary', 'replicas']
export const isolations: readonly Isolation[] = ['read-committed', 'repeatable-read', 'serializable']
export const commits: readonly Commit[] = ['async', 'remote_write', 'on', 'remote_apply']
