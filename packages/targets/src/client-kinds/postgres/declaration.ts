import type { SqlDeclaration } from '../../sql/declaration.ts'
import type { Credentials } from './authentication.ts'

/**
 * Operations on PostgreSQL, in tables that chaos creates: `"client": {"kind": "postgres", "user": "app", "database":
 * "app"}`.
 */
export interface PostgresDeclaration extends SqlDeclaration {
  readonly kind: 'postgres'
  /** `synchronous_commit` of the sessions; by default the server's setting. */
  readonly commit?: Commit | undefined
  /** The share of sessions that commit with `synchronous_commit = local`. */
  readonly local?: number | undefined
}

/** How long a commit waits. With `async`, it waits only for the local disk: `synchronous_commit = local`. */
type Commit = 'async' | 'remote_write' | 'on' | 'remote_apply'

export const commits: readonly Commit[] = ['async', 'remote_write', 'on', 'remote_apply']

const USUAL = 'postgres'

export const credentialsOf = ({
  user = USUAL,
  password,
  database = USUAL,
}: PostgresDeclaration): Credentials & { readonly database: string } => ({ user, password, database })
