import type { Credentials } from '@chaosproxy/wire/mysql'
import type { MariadbDeclaration } from './declaration.ts'

const CHAOS = 'chaos'

export const credentialsOf = ({ user = CHAOS, password = '', database = CHAOS }: MariadbDeclaration): Credentials => ({
  user,
  password,
  database,
})
