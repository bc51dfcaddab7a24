import type { Credentials } from '@chaosproxy/wire/mysql'
import type { MariadbDeclaration } from './declaration.ts'

/** The name of the user and of the database, unless a declaration says otherwise. */
const CHAOS = 'chaos'

export const credentialsOf = ({ user = CHAOS, password = '', database = CHAOS }: MariadbDeclaration): Credentials => ({
  user,
  password,
  database,
})
