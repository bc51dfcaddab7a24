import type { ObjectName, Transfers } from './asked.ts'

/** How clients of a SQL database work, in tables of their own. */
export interface SqlDeclaration {
  /** By default `chaos` of MariaDB and `postgres` of PostgreSQL; likewise the database. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  readonly database?: string | undefined
  /** Where reads go: to the primary, or to the client's own node. */
  readonly reads?: ReadsFrom | undefined
  /** By default the server's setting. */
  readonly isolation?: Isolation | undefined
  /** How a transfer of the bank changes its balances; by default `in-place`. */
  readonly transfers?: Transfers | undefined
  /** The type of the objects; by default it follows from the workload's operations. */
  readonly object?: ObjectName | undefined
}

export type ReadsFrom = 'primary' | 'replicas'
export type Isolation = 'read-committed' | 'repeatable-read' | 'serializable'

export const readsFrom: readonly ReadsFrom[] = ['primary', 'replicas']
export const isolations: readonly Isolation[] = ['read-committed', 'repeatable-read', 'serializable']
