import type { Credentials } from '@chaosproxy/wire/mysql'
import type { SqlDeclaration } from '../../sql/declaration.ts'

/**
 * Operations on MariaDB or MySQL, in tables that chaos creates: `"client": {"kind": "mariadb", "user": "app",
 * "database": "app"}`.
 */
export interface MariadbDeclaration extends SqlDeclaration {
  readonly kind: 'mariadb'
  /** Where writes are sent: to the primary (by default), or to the client's own node, as in a multi-master cluster. */
  readonly writes?: (typeof writesTo)[number] | undefined
}

export const writesTo = ['primary', 'own'] as const

const USUAL = 'chaos'

export const credentialsOf = ({ user = USUAL, password = '', database = USUAL }: MariadbDeclaration): Credentials => ({
  user,
  password,
  database,
})
