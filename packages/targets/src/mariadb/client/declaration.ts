import type { ObjectName, Transfers } from '../../sql/asked.ts'

/**
 * Operations on MariaDB or MySQL, in tables of their own: `"client": {"kind": "mariadb", "user": "app", "database": "app"}`.
 */
export interface MariadbDeclaration {
  readonly kind: 'mariadb'
  /** By default `chaos`. */
  readonly user?: string | undefined
  readonly password?: string | undefined
  /** By default `chaos`. */
  readonly database?: string | undefined
  readonly reads?: ReadsFrom | undefined
  /** Where writes go: to the primary (by default), or to the client's own node, as in a cluster of masters. */
  readonly writes?: WritesTo | undefined
  /** By default the server's setting. */
  readonly isolation?: Isolation | undefined
  /** How a transfer of the bank changes its balances; by default `in-place`. */
  readonly transfers?: Transfers | undefined
  /** The type of the objects; by default it follows from the workload's operations. */
  readonly object?: ObjectName | undefined
}

/** The primary, or the client's own node. */
export type ReadsFrom = 'primary' | 'replicas'
export type WritesTo = 'primary' | 'own'
export type Isolation = 'read-committed' | 'repeatable-read' | 'serializable'

export const readsFrom: readonly ReadsFrom[] = ['primary', 'replicas']
export const writesTo: readonly WritesTo[] = ['primary', 'own']
export const isolations: readonly Isolation[] = ['read-committed', 'repeatable-read', 'serializable']
